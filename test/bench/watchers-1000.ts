import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger, newId } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import { createRun } from '@larder/materialization/runs';
import { load } from './predict/load.ts';
import { ADS, prepare } from './predict/prepare.ts';
import { pinSelf, startServer, type ServerProcess } from './predict/server-process.ts';
import { interleaved, median, quantile, type Bench, type BenchRow } from './row.ts';
import type { Question, SubscribersOptions } from './watchers/subscribers.ts';

const SUBSCRIBERS = 1_000;
const RUNS = 100;
const CHUNKS_PER_RUN = 20;
const QUERY_WINDOW_MS = 10_000;
const ROUNDS = 7;
const ROUND_MS = 4_000;
const CONNECTIONS = 8;
/** Pause between an answer and the next request: the service is busy, not saturated. */
const PAUSE_MS = 5;
/** Time to settle after streams were opened or closed. */
const SETTLE_MS = 500;
const MAX_QUERIES_PER_SECOND = 10;
const MAX_P99_RATIO = 1.2;

const bench: Bench = {
  name: 'watchers-1000',
  what: `${SUBSCRIBERS} subscribers to the events of ${RUNS} runs that change all the time: queries per second of the service, and p99 of predict beside them against without`,
  async run(progress) {
    const prepared = await prepare();
    let server: ServerProcess | null = null;
    let subscribers: ChildProcess | null = null;
    try {
      const databaseUrl = prepared.env['LARDER_DATABASE_URL'] ?? '';
      const runIds = await createRuns(databaseUrl);
      const started = await startServer('../watchers/larder-counting-queries.ts', prepared.env);
      server = started;
      const options: SubscribersOptions = {
        serverUrl: started.url,
        databaseUrl,
        runIds,
        subscribers: SUBSCRIBERS,
      };
      const child = fork(`${import.meta.dirname}/watchers/subscribers.ts`, [JSON.stringify(options)]);
      subscribers = child;
      progress(pinSelf([...prepared.processIds, child.pid ?? 0]));
      const ask = async (question: Question): Promise<number> => {
        const answered = once(child, 'message') as Promise<[number]>;
        child.send(question);
        const [bytesRead] = await answered;
        await delay(SETTLE_MS);
        return bytesRead;
      };

      await ask('open');
      const before = await started.work();
      await delay(QUERY_WINDOW_MS);
      const queries = ((await started.work()) - before) / (QUERY_WINDOW_MS / 1_000);
      const bytes = await ask('close');
      if (bytes < SUBSCRIBERS * 1_000) throw new Error(`The subscribers read only ${bytes} bytes.`);
      progress(`${queries.toFixed(1)} queries/s, ${(bytes / 1e6).toFixed(1)} MB of events`);

      const p99 = async (watched: boolean): Promise<number> => {
        if (watched) await ask('open');
        const measured = await predictP99(started.url);
        if (watched) await ask('close');
        progress(`p99 ${watched ? 'with' : 'without'} subscribers ${measured.toFixed(2)} ms`);
        return measured;
      };
      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        () => p99(true),
        () => p99(false),
      );
      return rows({ queries, p99: median(values), floor: median(floors), ratio: median(ratios) });
    } finally {
      subscribers?.kill('SIGKILL');
      await server?.stop();
      await prepared.close();
    }
  },
};

export default bench;

interface Measured {
  readonly queries: number;
  readonly p99: number;
  readonly floor: number;
  readonly ratio: number;
}

function rows({ queries, p99, floor, ratio }: Measured): BenchRow[] {
  return [
    {
      name: 'watchers-1000',
      value: queries,
      unit: 'queries/s',
      floor: null,
      ratio: null,
      target: `≤ ${MAX_QUERIES_PER_SECOND} queries/s`,
      ok: queries <= MAX_QUERIES_PER_SECOND,
    },
    {
      name: 'watchers-1000-p99',
      value: p99,
      unit: 'ms p99 of predict',
      floor,
      ratio,
      target: `≤ ${MAX_P99_RATIO} × without`,
      ok: ratio <= MAX_P99_RATIO,
    },
  ];
}

/** Runs in state running with chunks that no worker takes. */
async function createRuns(databaseUrl: string): Promise<string[]> {
  const store = createOfflineStore({ databaseUrl, logger: createLogger('bench', { level: 'silent' }) });
  const runIds = Array.from({ length: RUNS }, () => newId());
  for (const runId of runIds)
    await createRun(store, {
      runId,
      project: 'bench',
      view: 'ad_image',
      version: 1,
      fingerprint: 'bench',
      trigger: 'backfill',
      scope: { all: true },
      rowLimit: null,
      priority: 50,
      maxRowsPerSecond: null,
      force: false,
      idempotencyKey: null,
      requestSha256: '',
    });
  await store.pool.query(`update larder.runs set status = 'running', planned_at = now(), started_at = now()`);
  await store.pool.query(
    `insert into larder.chunks (run_id, ordinal, bounds, rows_total, state)
     select run_id, ordinal, '{}', 100000, 'running' from larder.runs, generate_series(0, ${CHUNKS_PER_RUN - 1}) as ordinal`,
  );
  await store.close();
  return runIds;
}

async function predictP99(url: string): Promise<number> {
  const bodies = Array.from({ length: 200 }, (_, at) =>
    JSON.stringify({
      entities: { ad_id: `ad-${(at * 37) % ADS}` },
      request: { requested_at: '2026-11-20T09:30:00Z' },
      options: { deadline_ms: 5_000 },
    }),
  );
  const { latencies } = await load({
    url,
    path: '/v1/models/ad_ctr/predict',
    bodies,
    connections: CONNECTIONS,
    durationMs: ROUND_MS,
    pauseMs: PAUSE_MS,
  });
  return quantile(latencies, 0.99);
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
