import { startPostgresProxy } from '@larder/testing';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { createOfflineStore, ensureHistory, readNewestRowsPage, type OfflineStore } from '../index.ts';
import { project, silent, test, view } from '../testing/store.ts';
import { cutWhenHung } from './cut-when-hung.ts';
import { allowSilence } from './silence-guard.ts';

const HOUR_MS = 3_600_000;

async function behindProxy(databaseUrl: string) {
  const proxy = await startPostgresProxy(databaseUrl);
  const store = createOfflineStore({ databaseUrl: proxy.url, logger: silent });
  onTestFinished(async () => {
    await proxy.cut();
    await store.close();
  });
  return { proxy, store };
}

/** A statement that may be silent for an hour, watched. */
async function long(store: OfflineStore, statement: string, times: { everyMs: number; answerMs: number }) {
  const client = await store.pool.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  await client.query(`set statement_timeout = ${HOUR_MS}`);
  allowSilence(client, HOUR_MS);
  const stop = cutWhenHung(store.pool, client, { pid: rows[0]?.pid as number, ...times });
  const outcome = client
    .query(statement)
    .then(
      () => 'answered',
      (error: unknown) => String((error as { code?: unknown }).code),
    )
    .finally(() => {
      stop();
      client.release(true);
    });
  return { outcome, pid: rows[0]?.pid as number };
}

test('a server that hangs fails the statement soon, however long it may take', async ({ database }) => {
  const { proxy, store } = await behindProxy(database.url);
  const { outcome } = await long(store, 'select pg_sleep(3600)', { everyMs: 50, answerMs: 100 });
  proxy.silence();
  expect(await outcome).toBe('DATABASE_UNAVAILABLE');
});

test('a session that is gone, or waits for this client, fails too, though the server answers', async ({
  database,
  store: direct,
}) => {
  const { proxy, store } = await behindProxy(database.url);
  const times = { everyMs: 50, answerMs: 30_000 };
  const gone = await long(store, 'select pg_sleep(3600)', times);
  proxy.loseConnections();
  await sql`select pg_terminate_backend(${gone.pid})`.execute(direct.db);
  expect(await gone.outcome).toBe('DATABASE_UNAVAILABLE');

  // Its statement never arrives: the server waits for one.
  const client = await store.pool.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  allowSilence(client, HOUR_MS);
  proxy.loseConnections();
  cutWhenHung(store.pool, client, { pid: rows[0]?.pid as number, ...times });
  await expect(client.query('select 1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  client.release(true);
});

test('a slow statement of a server that answers is left alone', async ({ database, store: direct }) => {
  const { store } = await behindProxy(database.url);
  const holder = await direct.pool.connect();
  await holder.query('select pg_advisory_lock(7)');
  const { outcome, pid } = await long(store, 'select pg_advisory_lock(7)', { everyMs: 20, answerMs: 30_000 });
  let looks = 0;
  const asked = store.pool.query.bind(store.pool) as (...args: unknown[]) => unknown;
  Object.assign(store.pool, {
    query: (...args: unknown[]) => {
      if (String(args[0]).includes('pg_stat_activity')) looks++;
      return asked(...args);
    },
  });
  await expect.poll(() => looks, { timeout: 30_000, interval: 20 }).toBeGreaterThan(4);
  const { rowCount } = await direct.pool.query('select from pg_locks where pid = $1 and not granted', [pid]);
  expect(rowCount).toBe(1);
  await holder.query('select pg_advisory_unlock(7)');
  expect(await outcome).toBe('answered');
  holder.release();
});

test('a page of history notices it, and the pool serves the next one', async ({
  database,
  store: direct,
}) => {
  const { proxy, store } = await behindProxy(database.url);
  const paged = view('paged', [{ name: 'n', type: 'float64' }]);
  await ensureHistory(direct, project, paged);
  const read = () =>
    readNewestRowsPage(store, {
      project,
      view: paged,
      after: null,
      limit: 10,
      notBeforeMs: null,
      landedSince: null,
      lookMs: 500,
    });
  const holder = await direct.pool.connect();
  await holder.query('begin; lock table shop_history.paged_v1');
  const page = read();
  // A busy machine may be taken for a hung one before.
  let settled = false;
  page.catch(() => (settled = true));
  const waits = async () =>
    (
      await direct.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    ).rowCount;
  await expect.poll(async () => settled || (await waits()) === 1, { timeout: 30_000 }).toBe(true);
  proxy.silence();
  await expect(page).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: 2 });
  await holder.query('rollback');
  holder.release();
  await proxy.restore();
  expect((await read()).length).toBeGreaterThan(0);
});
