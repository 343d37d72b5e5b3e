import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createAdsDatabase, drawPictures, seedAds, startScript } from '@larder/example-ads';
import { abandonedStateFolders, openStateFolder, removeStateFolder } from '@larder/infra';
import { startStack, type Stack } from '@larder/infra/stack';
import pg from 'pg';

const root = resolve(import.meta.dirname, '../../..');

/** Number of threads of the worker, and of the loop it is compared with. */
export const WORKER_SLOTS = 2;

export interface AdsStack {
  readonly stack: Stack;
  readonly adsDatabaseUrl: string;
  /** Log folder, also for additional processes. */
  readonly folder: string;
  close(): Promise<void>;
}

export interface AdsStackOptions {
  /** @default 0: every picture is computed, also one that several addresses share */
  readonly valueMemoryBytes?: number;
}

/** Starts the whole advertising example on its own stores, below `.larder/bench-<pid>`. */
export async function startAdsStack(
  progress: (message: string) => void,
  { valueMemoryBytes = 0 }: AdsStackOptions = {},
): Promise<AdsStack> {
  for (const name of abandonedStateFolders(root, 'bench'))
    rmSync(join(root, '.larder', name), { recursive: true, force: true });
  const state = openStateFolder(root, `bench-${process.pid}`);
  const pictures = join(root, '.larder', 'ads');
  progress('drawing the pictures (kept for the next run) and starting a stack');
  await drawPictures({ folder: pictures });
  const feed = await startScript('feed-process.ts', ['--folder', pictures], state.path);
  let adsDatabaseUrl = '';
  const stack = await startStack({
    project: resolve(root, 'examples/ads/larder.config.ts'),
    root: state.path,
    port: 16_570,
    actor: 'bench',
    async env({ databaseUrl }) {
      adsDatabaseUrl = await createAdsDatabase(databaseUrl);
      await seedAds({ databaseUrl: adsDatabaseUrl, feedUrl: feed.url });
      return {
        LARDER_CONNECTION_ADS_URL: adsDatabaseUrl,
        LARDER_WORKER_SLOTS: String(WORKER_SLOTS),
        LARDER_VALUE_MEMORY_BYTES: String(valueMemoryBytes),
      };
    },
  });
  return {
    stack,
    adsDatabaseUrl,
    folder: state.path,
    async close() {
      await stack.stop();
      await feed.stop();
      removeStateFolder(state);
    },
  };
}

/** Polling is not free: every 20 ms it took 6 % of the two cores away from the measurement. */
const POLL_MS = 200;

/**
 * Materializes a view to its end. @returns how long it took from the request to the last row in Redis, by PostgreSQL's
 * clock, and how many rows were computed
 */
export async function backfill(
  { stack }: Pick<AdsStack, 'stack'>,
  view: string,
  force: boolean,
): Promise<{ seconds: number; done: number }> {
  const queued = await call<{ run_id: string }>(`${stack.inferenceUrl}/v1/backfills`, {
    view,
    scope: { all: true },
    force,
  });
  for (;;) {
    const run = await call<Run>(`${stack.inferenceUrl}/v1/runs/${queued.run_id}`);
    if (run.finished_at !== null) {
      if (run.status === 'failed') throw new Error(`The backfill of ${view} failed; see ${stack.logs}.`);
      const seconds = (Date.parse(run.finished_at) - Date.parse(run.created_at)) / 1_000;
      return { seconds, done: run.rows.done };
    }
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

interface Run {
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly status: string;
  readonly rows: { readonly done: number };
}

async function call<Answer>(url: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(10_000),
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

export async function queryAds<Row extends pg.QueryResultRow>(
  { adsDatabaseUrl }: AdsStack,
  sql: string,
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: adsDatabaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
