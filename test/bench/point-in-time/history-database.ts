import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createLogger } from '@larder/core';
import { findFeatureView, loadProject, type FeatureViewManifest, type Manifest } from '@larder/features';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres } from '@larder/infra';
import {
  createOfflineStore,
  ensureHistory,
  ensureHistoryPartitions,
  migrate,
  type OfflineStore,
} from '@larder/offline-store';
import { to as copyTo } from 'pg-copy-streams';
import { cpuSeconds } from '../materialize/process-usage.ts';

/** Rows of one account: a hundred in a year. */
export const ROWS_PER_ACCOUNT = 100;
const YEAR = 2025;
/** One more than a landing would create itself. */
const MONTHS = Array.from({ length: 13 }, (_, month) => ({ eventTimestampMs: Date.UTC(YEAR, month, 2) }));
/** Statements of the benchmarks may take longer than those of a service. */
const STATEMENT_MS = 900_000;

export interface HistoryDatabase {
  readonly store: OfflineStore;
  readonly manifest: Manifest;
  readonly databaseUrl: string;
  readonly folder: string;
  view(name: string): FeatureViewManifest;
  /** CPU seconds of the server so far. */
  cpu(): number;
  close(): Promise<void>;
}

/** A private PostgreSQL with the history tables of these views, which hold `rows` rows over twelve monthly partitions. */
export async function startHistoryDatabase(views: readonly string[], rows: number): Promise<HistoryDatabase> {
  const { manifest } = await loadProject(join(import.meta.dirname, 'larder.config.ts'));
  const logger = createLogger('bench', { level: 'error' });
  const folder = openStateFolder(resolve(import.meta.dirname, '../../..'), `bench-${process.pid}`);
  const postgres = await startEmbeddedPostgres(folder, { settings: { max_wal_size: '8GB' } });
  const store = createOfflineStore({
    databaseUrl: postgres.url('postgres'),
    statementTimeoutMs: STATEMENT_MS,
    logger,
  });
  const view = (name: string): FeatureViewManifest => findFeatureView(manifest, name);
  const close = async (): Promise<void> => {
    await store.close();
    await postgres.stop();
    removeStateFolder(folder);
  };
  try {
    await migrate(store);
    for (const name of views) {
      await ensureHistory(store, manifest, view(name));
      await ensureHistoryPartitions(store, manifest, view(name), MONTHS);
      if (rows > 0) await fill(store, view(name), rows);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store,
    databaseUrl: postgres.url('postgres'),
    manifest,
    folder: folder.path,
    view,
    cpu: () => cpuSeconds(postgres.process.pid),
    close,
  };
}

/**
 * In the order of time, as landings arrive: the rows of one account are on as many pages. Every twentieth row was known two
 * days late, and every hundredth is corrected by a later run. Indexes are built afterwards, which is much faster.
 */
async function fill({ pool }: OfflineStore, view: FeatureViewManifest, rows: number): Promise<void> {
  const table = `bench_history.${view.name}_v${view.version}`;
  const { rows: indexes } = await pool.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') as definition
     from pg_index where indrelid = $1::regclass`,
    [table],
  );
  for (const { name } of indexes) await pool.query(`drop index ${name}`);
  const corrected = Math.floor(rows / 100);
  const written = rows - corrected;
  await pool.query(`
    insert into ${table} (account_id, event_timestamp, created_timestamp, revision, chunk_id, input_hash,
      basket_mean, basket_last, risk, orders, is_member)
    select 'account-' || lpad((abs(hashint8(n)) % ${Math.max(1, Math.floor(rows / ROWS_PER_ACCOUNT))})::text, 9, '0'), t,
      t + case when n % 20 = 0 then interval '2 days' else interval '0' end, r, n / 2000, n,
      (sqrt(n) + r)::real, (n % 9973 / 7.0)::real, case when n % 50 = 0 then null else sin(n) end, n * 7919, n % 3 = 0
    from (
      select n, 1 as r from generate_series(0::bigint, ${written - 1}) n
      union all select n, 2 from generate_series(0::bigint, ${written - 1}, 100) n limit ${rows}
    ) numbered, lateral (select date_trunc('milliseconds',
      timestamptz '${YEAR}-01-01 00:00Z' + n * (interval '365 days' / ${written})) as t) timed`);
  for (const { definition } of indexes) await pool.query(definition);
  await pool.query(`vacuum analyze ${table}`);
}

/** `rows` instants of the year, ten for each account; a table of its own. */
export async function createSpineTable(
  { store }: HistoryDatabase,
  rows: number,
  accounts: number,
): Promise<void> {
  await store.pool.query(`
    create table spine as
    select n as "row", 'account-' || lpad((abs(hashint8(n * 31 + 7)) % ${accounts})::text, 9, '0') as account_id,
      timestamptz '${YEAR}-01-01 00:00Z' + (abs(hashint8(n + 77)) % 31536000) * interval '1 second' as at
    from generate_series(0::bigint, ${rows - 1}) n`);
  await store.pool.query('analyze spine');
}

/** The spine as `joinInPostgresql` reads it, in the order that is fastest, in memory. */
export async function spineBytes({ store }: HistoryDatabase): Promise<Buffer> {
  const client = await store.pool.connect();
  try {
    const copy = client.query(
      copyTo(`copy (select "row", (extract(epoch from at) * 1000000)::bigint, account_id from spine
        order by date_trunc('month', at, 'UTC'), account_id collate "C", at) to stdout (format csv)`),
    );
    return await buffer(copy);
  } finally {
    client.release();
  }
}
