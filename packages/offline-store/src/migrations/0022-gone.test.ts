import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { appendHistory, ensureHistory, readChunkHistory } from '../index.ts';
import { project, row, test, view } from '../testing/store.ts';
import type { OfflineStore } from '../offline-store.ts';
import { gone as migration } from './0022-gone.ts';

const clicks = view('clicks', [{ name: 'count', type: 'float32' }]);
const taken = view('taken', [{ name: 'is_gone', type: 'float32' }]);

/** What the release before had: no `is_gone`. Later migrations stay, so the migrator would refuse to go on from here. */
async function goBack({ pool }: OfflineStore): Promise<void> {
  await pool.query('alter table shop_history.clicks_v1 drop column if exists is_gone');
  await pool.query('drop view larder.chunk_online_times; drop table larder.kept_online_times');
}

async function tablesWithTheColumn({ db }: OfflineStore): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select attrelid::regclass::text as name from pg_attribute
    where attname = 'is_gone' and atttypid = 'boolean'::regtype and not attisdropped and attrelid::regclass::text like 'shop_%' order by 1`.execute(
    db,
  );
  return rows.map(({ name }) => name);
}

const before = row('ad-1', { values: { count: 1 } });
const gone = row('ad-1', { revision: 2, chunkId: 2, isGone: true });

test('the column is added to existing histories while one of them is being read', async ({ store }) => {
  await ensureHistory(store, project, clicks);
  await ensureHistory(store, project, taken);
  await store.transaction((tx) => appendHistory(tx, project, clicks, [before]));
  await goBack(store);
  await store.pool.query(`create schema shop_aside_${'a'.repeat(12)}`);
  await store.pool.query(
    `create table shop_aside_${'a'.repeat(12)}.clicks_v1 (like shop_history.clicks_v1) partition by range (event_timestamp)`,
  );
  const reader = await store.pool.connect();
  await reader.query('begin; select from shop_history.clicks_v1');
  let migrated = false;
  const migrating = store.transaction(({ db }) => migration.up(db)).finally(() => (migrated = true));
  // Also when an expectation fails: a connection that stays out of the pool keeps the store from closing.
  onTestFinished(async () => {
    reader.release(true);
    await migrating.catch(() => {});
  });
  // Somebody who comes later does not wait behind the migration for long.
  const waiting = () =>
    store.pool.query(`select from pg_locks where mode = 'AccessExclusiveLock' and not granted
      and database = (select oid from pg_database where datname = current_database())`);
  await expect.poll(async () => (await waiting()).rowCount, { timeout: 60_000 }).toBeGreaterThan(0);
  await store.pool.query('select from shop_history.clicks_v1');
  expect(migrated).toBe(false);
  await reader.query('commit');
  await migrating;

  const tables = await tablesWithTheColumn(store);
  expect(tables).toContain('shop_history.clicks_v1');
  expect(tables).toContain(`shop_aside_${'a'.repeat(12)}.clicks_v1`);
  expect(tables.filter((name) => name.includes('taken'))).toEqual([]);
  await store.transaction((tx) => appendHistory(tx, project, clicks, [gone]));
  expect(await readChunkHistory(store, project, clicks, 1)).toEqual([before]);
  expect(await readChunkHistory(store, project, clicks, 2)).toEqual([{ ...gone, values: { count: null } }]);
});

test('a history that an older process creates afterwards gets the column by the next apply', async ({
  store,
}) => {
  await ensureHistory(store, project, clicks);
  await store.pool.query('alter table shop_history.clicks_v1 drop column is_gone');
  await ensureHistory(store, project, clicks);
  await store.transaction((tx) => appendHistory(tx, project, clicks, [{ ...gone, chunkId: 3, revision: 3 }]));
  expect(await readChunkHistory(store, project, clicks, 3)).toMatchObject([{ isGone: true }]);
});

test('a view whose feature is named is_gone keeps working', async ({ store }) => {
  await ensureHistory(store, project, taken);
  const stored = row('ad-1', { values: { is_gone: 0.5 } });
  await store.transaction((tx) => appendHistory(tx, project, taken, [stored]));
  expect(await readChunkHistory(store, project, taken, 1)).toEqual([stored]);
  const append = store.transaction((tx) => appendHistory(tx, project, taken, [{ ...stored, isGone: true }]));
  await expect(append).rejects.toThrow('a field named is_gone');
});
