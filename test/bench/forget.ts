import { createLogger } from '@larder/core';
import { findFeatureView, loadProject } from '@larder/features';
import { eraseFromArchivesHere, forgetEntity } from '@larder/materialization/erasure';
import {
  createOfflineStore,
  ensureHistory,
  ensureHistoryPartitions,
  projectKeyHasher,
  type OfflineStore,
} from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { load } from './predict/load.ts';
import { ADS, prepare } from './predict/prepare.ts';
import { pinSelf, startServer } from './predict/server-process.ts';
import { median, quantile, type Bench } from './row.ts';

const ROWS = 5_000_000;
const ROWS_OF_KEY = 1_000;
const ROUNDS = 7;
const KEYS_PER_ROUND = 3;
const ROUND_MS = 2_000;
const CONNECTIONS = 8;
const PAUSE_MS = 2;
const MAX_MS = 2_000;
const MAX_P99_RATIO = 1.5;
const MONTHS = Array.from({ length: 13 }, (_, month) => ({ eventTimestampMs: Date.UTC(2025, month, 2) }));
const STATEMENT_MS = 900_000;
const HISTORY = 'bench_history.ad_stats_v1';

const bench: Bench = {
  name: 'forget',
  what: `erasing a key with ${ROWS_OF_KEY.toLocaleString('en-US')} rows of history among 5,000,000 of twelve months, while ${CONNECTIONS} callers ask for predictions; against the same load without erasures`,
  async run(progress, { rows = ROWS } = {}) {
    const prepared = await prepare();
    const logger = createLogger('bench', { level: 'error' });
    const { manifest } = await loadProject(prepared.env['LARDER_PROJECT'] as string);
    const offlineStore = createOfflineStore({
      databaseUrl: prepared.env['LARDER_DATABASE_URL'] as string,
      statementTimeoutMs: STATEMENT_MS,
      logger,
    });
    const redis = connectRedis(prepared.env['LARDER_REDIS_URL'] as string, { role: 'tool' });
    const { project } = manifest;
    const keyHasher = () => projectKeyHasher(offlineStore, project);
    const onlineStore = createOnlineStore({ redis, project, keyHasher });
    const deps = {
      offlineStore,
      onlineStore,
      eraseFromArchives: eraseFromArchivesHere(offlineStore),
      logger,
    };
    const server = await startServer('larder-server.ts', prepared.env);
    try {
      const view = findFeatureView(manifest, 'ad_stats');
      await ensureHistory(offlineStore, manifest, view);
      await ensureHistoryPartitions(offlineStore, manifest, view, MONTHS);
      await fill(offlineStore, `'other-' || n / 100`, rows);
      const keys = Array.from({ length: (ROUNDS + 1) * KEYS_PER_ROUND }, (_, at) => `ad-${at}`);
      for (const key of keys) await fill(offlineStore, `'${key}'`, ROWS_OF_KEY);
      await offlineStore.pool.query(`vacuum analyze ${HISTORY}`);
      progress(`${rows} rows of history; ${pinSelf(prepared.processIds)}`);
      const tookMs: number[] = [];
      const p99 = { quiet: [] as number[], erasing: [] as number[] };
      const forgetAll = async (some: readonly string[]): Promise<void> => {
        for (const key of some) {
          const started = performance.now();
          const receipt = await forgetEntity(deps, {
            manifest,
            entity: 'ad',
            key,
            actor: 'bench',
            reason: null,
          });
          tookMs.push(performance.now() - started);
          if (receipt.removed[`history:${HISTORY}`] !== ROWS_OF_KEY || receipt.status !== 'complete')
            throw new Error(`The receipt is ${JSON.stringify(receipt)}.`);
        }
      };
      for (let round = -1; round < ROUNDS; round++) {
        const some = keys.splice(0, KEYS_PER_ROUND);
        const quiet = await measure(server.url);
        const [erasing] = await Promise.all([measure(server.url), forgetAll(some)]);
        if (round < 0) {
          tookMs.length = 0;
          continue;
        }
        p99.quiet.push(quiet);
        p99.erasing.push(erasing);
        progress(`p99 ${quiet.toFixed(2)} ms quiet, ${erasing.toFixed(2)} ms while erasing`);
      }
      const ratio = median(p99.erasing.map((ms, round) => ms / (p99.quiet[round] as number)));
      const slowest = Math.max(...tookMs);
      return [
        {
          name: 'forget',
          value: slowest,
          unit: 'ms, the slowest',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_MS} ms`,
          ok: slowest <= MAX_MS,
          note: `median ${median(tookMs).toFixed(0)} ms`,
        },
        {
          name: 'forget-p99',
          value: median(p99.erasing),
          unit: 'ms, p99 of predict',
          floor: median(p99.quiet),
          ratio,
          target: `≤ ${MAX_P99_RATIO} × without erasures`,
          ok: ratio <= MAX_P99_RATIO,
        },
      ];
    } finally {
      redis.disconnect();
      await offlineStore.close();
      await server.stop();
      await prepared.close();
    }
  },
};

export default bench;

/** Rows spread over the year; `ad` is an SQL expression over the number `n`. */
async function fill({ pool }: OfflineStore, ad: string, rows: number): Promise<void> {
  await pool.query(
    `insert into ${HISTORY} (ad_id, event_timestamp, created_timestamp, revision, chunk_id, input_hash, impressions, clicks, ctr)
     select ${ad}, at, at, 1, n / 1000, n, 1, 2, 3
     from (select n, '2025-01-01T00:00:00Z'::timestamptz + (n::bigint * 7919 % 31000000) * interval '1 second' as at
       from generate_series(1, ${rows}) n) rows`,
  );
}

const BODIES = Array.from({ length: 200 }, (_, at) =>
  JSON.stringify({
    entities: { ad_id: `ad-${100 + ((at * 37) % (ADS - 100))}` },
    request: { requested_at: '2026-11-20T09:30:00Z' },
    options: { deadline_ms: 5_000 },
  }),
);

/** p99 in milliseconds. */
async function measure(url: string): Promise<number> {
  const { latencies } = await load({
    url,
    path: '/v1/models/ad_ctr/predict',
    bodies: BODIES,
    connections: CONNECTIONS,
    durationMs: ROUND_MS,
    pauseMs: PAUSE_MS,
  });
  return quantile(latencies, 0.99);
}
