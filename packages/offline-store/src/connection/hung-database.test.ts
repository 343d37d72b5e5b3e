import { isLarderError } from '@larder/core';
import { startPostgresProxy, type PostgresProxy } from '@larder/testing';
import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import { copyIn, copyOut } from '../copy/copy.ts';
import {
  createOfflineStore,
  migrate,
  pendingMigrations,
  type OfflineStore,
  type StoreTransaction,
} from '../index.ts';
import { limitSilence } from '@larder/offline-store';
import { silent, test as base } from '../testing/store.ts';

const LIMIT_MS = 1_000;
const CONNECTIONS = 3;

/** A store with short limits, whose PostgreSQL can stop answering. */
const test = base.extend<{ proxy: PostgresProxy; hurried: OfflineStore }>({
  proxy: async ({ database }, use) => {
    const proxy = await startPostgresProxy(database.url);
    await use(proxy);
    await proxy.cut();
  },
  hurried: async ({ proxy }, use) => {
    const hurried = createOfflineStore({
      databaseUrl: proxy.url,
      maxConnections: CONNECTIONS,
      statementTimeoutMs: LIMIT_MS,
      connectTimeoutMs: LIMIT_MS,
      logger: silent,
    });
    await use(hurried);
    await hurried.close();
  },
});

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (isLarderError(error) ? error.code : String(error)),
  );
const one = ({ db }: OfflineStore) => sql`select 1 as one`.execute(db);

describe('a PostgreSQL that accepts and says nothing', () => {
  test('statements fail, their connections are closed, and everything recovers by itself', async ({
    hurried,
    proxy,
  }) => {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => one(hurried)));
    proxy.silence();
    // More than there are connections: the first ones hold them, the others wait for one or open one.
    const asked = Array.from({ length: 4 * CONNECTIONS }, () => codeOf(one(hurried)));
    asked.push(codeOf(hurried.pool.query('select 1')));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['DATABASE_UNAVAILABLE']));
    expect([hurried.pool.totalCount, hurried.pool.waitingCount]).toEqual([0, 0]);

    await proxy.restore();
    await Promise.all(Array.from({ length: 4 * CONNECTIONS }, () => one(hurried)));
    expect(hurried.pool.totalCount).toBe(CONNECTIONS);
  });

  test('a transaction ends, in the middle of a statement and of COPY in both directions', async ({
    store,
    hurried,
    proxy,
  }) => {
    await sql`create table numbers (number bigint)`.execute(store.db);
    const big = Buffer.alloc(4 * 1024 * 1024);
    let begun = 0;
    const works = [
      (tx: StoreTransaction) => one({ ...hurried, db: tx.db }),
      (tx: StoreTransaction) => copyIn(tx.client, 'numbers (number)', big),
      (tx: StoreTransaction) => copyOut(tx.client, 'select generate_series(1, 1000000)'),
    ].map((work) =>
      hurried.transaction(async (tx) => {
        await one({ ...hurried, db: tx.db });
        begun += 1;
        if (begun === CONNECTIONS) proxy.silence();
        await expect.poll(() => begun).toBe(CONNECTIONS);
        await work(tx);
      }),
    );
    expect(new Set(await Promise.all(works.map(codeOf)))).toEqual(new Set(['DATABASE_UNAVAILABLE']));
    expect(hurried.pool.totalCount).toBe(0);
    await proxy.restore();
    expect(await codeOf(one(hurried))).toBe('answered');
  });
});

describe('a slow PostgreSQL', () => {
  test('ends the statement itself, and the connection serves the next one', async ({ hurried }) => {
    const pid = async () => (await hurried.pool.query('select pg_backend_pid() as pid')).rows[0] as unknown;
    const before = await pid();
    expect(await codeOf(sql`select pg_sleep(30)`.execute(hurried.db))).toBe('DATABASE_UNAVAILABLE');
    expect(await pid()).toEqual(before);
  });

  test('may take as long as a transaction allows, on both sides', async ({ hurried }) => {
    const slept = hurried.transaction(async (tx) => {
      await limitSilence(tx, 30_000);
      // Longer than the store's own limit plus the client's margin.
      await sql`select pg_sleep(3)`.execute(tx.db);
    });
    expect(await codeOf(slept)).toBe('answered');
    // The limit applies to that transaction only.
    expect(await codeOf(sql`select pg_sleep(30)`.execute(hurried.db))).toBe('DATABASE_UNAVAILABLE');
  });

  test('migrations wait for the process that migrates', async ({ store, hurried }) => {
    const holder = await store.pool.connect();
    await holder.query(`select pg_advisory_lock(hashtextextended('larder:migrate', 0))`);
    await sql`drop table larder.migrations`.execute(store.db);
    const migrating = codeOf(migrate(hurried));
    const waiting = async () => {
      const { rows } = await sql<{ ms: number }>`
        select (extract(epoch from clock_timestamp() - query_start) * 1000)::float8 as ms from pg_stat_activity
        where datname = current_database() and wait_event = 'advisory'`.execute(store.db);
      return rows[0]?.ms ?? 0;
    };
    await expect.poll(waiting, { timeout: 60_000, interval: 100 }).toBeGreaterThan(LIMIT_MS + 1_500);
    await sql`drop schema larder cascade`.execute(store.db);
    holder.release(true);
    expect(await migrating).toBe('answered');
    expect(await pendingMigrations(hurried)).toEqual([]);
  });
});
