import { join, resolve } from 'node:path';
import { createLogger } from '@larder/core';
import { findFeatureView, loadProject } from '@larder/features';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres, startEmbeddedRedis } from '@larder/infra';
import {
  createOfflineStore,
  ensureHistory,
  ensureHistoryPartitions,
  migrate,
  type OfflineStore,
} from '@larder/offline-store';
import { cpuSeconds } from '../materialize/process-usage.ts';

export interface RestoreStores {
  readonly store: OfflineStore;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** CPU seconds of the servers so far. */
  cpu(): { readonly PostgreSQL: number; readonly Redis: number };
  close(): Promise<void>;
}

export const HISTORY = 'bench_history.account_stats_v1';
/** Every tenth account has a second, newer row. */
const CORRECTED = 10;
const DAY_MS = 86_400_000;
const STATEMENT_MS = 900_000;

/** Private stores, with the history of `rows` accounts over two months, landed in the order of the accounts. */
export async function startRestoreStores(rows: number): Promise<RestoreStores> {
  const { manifest } = await loadProject(join(import.meta.dirname, '../materialize/larder.config.ts'));
  const view = findFeatureView(manifest, 'account_stats');
  const folder = openStateFolder(resolve(import.meta.dirname, '../../..'), `bench-${process.pid}`);
  const postgres = await startEmbeddedPostgres(folder, { settings: { max_wal_size: '8GB' } });
  const redis = await startEmbeddedRedis(folder, { durable: false });
  const databaseUrl = postgres.url('postgres');
  const store = createOfflineStore({
    databaseUrl,
    statementTimeoutMs: STATEMENT_MS,
    logger: createLogger('bench', { level: 'error' }),
  });
  const close = async (): Promise<void> => {
    await store.close();
    await Promise.all([postgres.stop(), redis.stop()]);
    removeStateFolder(folder);
  };
  try {
    await migrate(store);
    await ensureHistory(store, manifest, view);
    await ensureHistoryPartitions(store, manifest, view, [
      { eventTimestampMs: Date.now() },
      { eventTimestampMs: Date.now() - 31 * DAY_MS },
    ]);
    await fill(store, { rows, step: 1, revision: 1, at: `now() - interval '1 day' * (1 + n % 28)` });
    await fill(store, { rows, step: CORRECTED, revision: 2, at: 'now()' });
    await store.pool.query(`vacuum analyze ${HISTORY}`);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store,
    databaseUrl,
    redisUrl: redis.url,
    cpu: () => ({ PostgreSQL: cpuSeconds(postgres.process.pid), Redis: cpuSeconds(redis.process.pid) }),
    close,
  };
}

interface Filled {
  readonly rows: number;
  /** Of every which account. */
  readonly step: number;
  readonly revision: number;
  /** SQL over `n`. */
  readonly at: string;
}

async function fill({ pool }: OfflineStore, { rows, step, revision, at }: Filled): Promise<void> {
  await pool.query(`
    insert into ${HISTORY} (account_id, event_timestamp, created_timestamp, revision, chunk_id, input_hash, basket_mean,
      basket_last, balance, risk, orders, orders_30d, is_member, country, plan, last_order_at)
    select 'account-' || lpad(n::text, 9, '0'), at, at, ${revision}, n / 5000, n, sqrt(n)::real, (n % 9973 / 7.0)::real,
      n * 0.37, case when n % 50 = 0 then null else sin(n) end, n::bigint * 7919, n % 60, n % 3 = 0,
      (array['DE', 'FR', 'JP', 'BR', null])[1 + n % 5], (array['free', 'plus', 'family', 'enterprise'])[1 + n % 4],
      date_trunc('milliseconds', now() - n % 800000 * interval '1 second')
    from generate_series(1, ${rows}, ${step}) n, lateral (select date_trunc('milliseconds', ${at}) as at) timed`);
}
