import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { newId } from '@larder/core';
import { landRows } from '@larder/materialization/landing';
import type { HistoryRow } from '@larder/offline-store';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { startHistoryDatabase, type HistoryDatabase } from './point-in-time/history-database.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROWS = 300_000;
const ROUNDS = 5;
const MIN_RATIO = 0.7;
/** Chunks that a worker on two cores lands at a time. */
const SLOTS = 2;
const VIEW = 'stats_1';
const HISTORY = `bench_history.${VIEW}_v1`;
const LEASE_MS = 60_000;

const bench: Bench = {
  name: 'history-ingest',
  what: '300,000 rows of five features landed in history (checks, encoding, the chunk, the feed), two chunks of 5,000 rows at a time as by a worker with two slots, against one bare COPY of the same bytes into the same table',
  async run(progress, { rows: count = ROWS } = {}) {
    const database = await startHistoryDatabase([VIEW], 0);
    const { store } = database;
    const cpu = () => {
      const { user, system } = process.cpuUsage();
      return { node: (user + system) / 1e6, postgresql: database.cpu() };
    };
    const tell = (what: string, seconds: number, before: ReturnType<typeof cpu>): number => {
      const after = cpu();
      const perRow = (name: keyof typeof after) => (((after[name] - before[name]) / count) * 1e6).toFixed(1);
      progress(
        `${what}: ${Math.round(count / seconds)} rows/s; CPU µs per row: Node ${perRow('node')}, PostgreSQL ${perRow('postgresql')}`,
      );
      return count / seconds;
    };
    const empty = async (): Promise<void> => {
      await store.pool.query(`truncate ${HISTORY}`);
      await store.pool.query('checkpoint');
    };
    try {
      let bytes: Buffer | null = null;
      const land = async (): Promise<number> => {
        await empty();
        const chunks = await createChunks(database, count);
        const before = cpu();
        const started = performance.now();
        const waiting = chunks.values();
        const landAll = async (): Promise<void> => {
          for (const chunk of waiting)
            await landRows(store, {
              ...chunk,
              attempt: 1,
              project: database.manifest,
              view: database.view(VIEW),
              failures: [],
              counts: { done: chunk.rows.length, failed: 0, skipped: 0, duplicate: 0 },
              leaseMs: LEASE_MS,
            });
        };
        await Promise.all(Array.from({ length: SLOTS }, landAll));
        const rate = tell('Larder', (performance.now() - started) / 1_000, before);
        bytes ??= await copyAll(database);
        return rate;
      };
      const bare = async (): Promise<number> => {
        if (bytes === null) return Number.NaN; // the first landing writes them
        await empty();
        const client = await store.pool.connect();
        try {
          const before = cpu();
          const started = performance.now();
          await pipeline(
            Readable.from([bytes]),
            client.query(copyFrom(`copy ${HISTORY} from stdin (format binary)`)),
          );
          return tell('COPY', (performance.now() - started) / 1_000, before);
        } finally {
          client.release();
        }
      };
      await land();
      const measured = await interleaved(ROUNDS, land, bare);
      const ratio = median(measured.ratios);
      return [
        {
          name: 'history-ingest',
          value: median(measured.values),
          unit: 'rows/s',
          floor: median(measured.floors),
          ratio,
          target: `≥ ${MIN_RATIO} × its rows/s`,
          ok: ratio >= MIN_RATIO,
        },
      ];
    } finally {
      await database.close();
    }
  },
};

interface FilledChunk {
  readonly runId: string;
  readonly chunkId: number;
  readonly rows: readonly HistoryRow[];
}

/** Running chunks of the size that the view declares, with their rows. */
async function createChunks({ store, view }: HistoryDatabase, count: number): Promise<FilledChunk[]> {
  const { name, version, fingerprint, chunk_rows: size } = view(VIEW);
  const runId = newId();
  const { rows: runs } = await store.pool.query<{ revision: number }>(
    `insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force, request_sha256)
     values ($1, 'bench', $2, $3, $4, 'backfill', 'running', '{"all": true}', 50, false, '') returning revision`,
    [runId, name, version, fingerprint],
  );
  const revision = runs[0]?.revision as number;
  const { rows: chunks } = await store.pool.query<{ chunk_id: number; ordinal: number }>(
    `insert into larder.chunks (run_id, ordinal, bounds, rows_total, state, attempt)
     select $1, n, '{}', $3, 'running', 1 from generate_series(0, $2 - 1) n returning chunk_id, ordinal`,
    [runId, Math.ceil(count / size), size],
  );
  return chunks.map(({ chunk_id: chunkId, ordinal }) => ({
    runId,
    chunkId,
    rows: Array.from({ length: Math.min(size, count - ordinal * size) }, (_, at) =>
      rowOf(ordinal * size + at, { revision, chunkId }),
    ),
  }));
}

/** Keys in order, as a source reads them; times spread over two weeks. */
function rowOf(n: number, written: Pick<HistoryRow, 'revision' | 'chunkId'>): HistoryRow {
  const eventTimestampMs = Date.UTC(2025, 5, 1) + ((n * 7_919) % 1_209_600) * 1_000;
  return {
    ...written,
    keys: { account_id: `account-${String(n).padStart(9, '0')}` },
    eventTimestampMs,
    createdTimestampMs: eventTimestampMs,
    inputHash: BigInt(n) * 7_919n,
    values: {
      basket_mean: Math.sqrt(n),
      basket_last: (n % 9_973) / 7,
      risk: n % 50 === 0 ? null : Math.sin(n),
      orders: BigInt(n) * 7_919n,
      is_member: n % 3 === 0,
    },
  };
}

async function copyAll({ store }: HistoryDatabase): Promise<Buffer> {
  const client = await store.pool.connect();
  try {
    const copy = client.query(copyTo(`copy (select * from ${HISTORY}) to stdout (format binary)`));
    return await buffer(copy);
  } finally {
    client.release();
  }
}

export default bench;
