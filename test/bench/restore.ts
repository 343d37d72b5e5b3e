import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectRedis, type Redis } from '@larder/online-store';
import { to as copyTo } from 'pg-copy-streams';
import { HISTORY, startRestoreStores } from './restore/restore-stores.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROWS = 1_000_000;
const ROUNDS = 3;
const MIN_ROWS_PER_SECOND = 50_000;
const MAX_PEAK_MIB = 400;
const MIB = 2 ** 20;
const FIELD = 'account_stats@1';
const COMMANDS_PER_PIPELINE = 1_000;

interface Restored {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

const bench: Bench = {
  name: 'restore',
  what: 'an empty Redis filled with 1,000,000 rows of ten features from a history of 1,100,000, against a bare COPY of that history and bare HSETs of the same rows side by side',
  async run(progress, { rows: count = ROWS } = {}) {
    const stores = await startRestoreStores(count);
    const redis = connectRedis(stores.redisUrl, { role: 'tool', commandTimeoutMs: 60_000 });
    const peaks: number[] = [];
    let online: readonly (readonly [key: string, row: Buffer])[] = [];

    async function restore(): Promise<number> {
      await redis.flushall();
      const before = stores.cpu();
      const { stdout } = await promisify(execFile)(process.execPath, [
        join(import.meta.dirname, 'restore/restore-process.ts'),
        stores.databaseUrl,
        stores.redisUrl,
      ]);
      const restored = JSON.parse(stdout) as Restored;
      const after = stores.cpu();
      if (restored.rows !== count) throw new Error(`${restored.rows} of ${count} rows were restored.`);
      const micros = (seconds: number) => ((seconds / count) * 1e6).toPrecision(3);
      progress(
        `Larder: ${Math.round(count / restored.seconds)} rows/s; CPU µs per row: its process ${micros(restored.cpuSeconds)}, PostgreSQL ${micros(after.PostgreSQL - before.PostgreSQL)}, Redis ${micros(after.Redis - before.Redis)}; ${Math.round(restored.peakBytes / MIB)} MiB`,
      );
      peaks.push(restored.peakBytes);
      if (online.length === 0) online = await readAll(redis);
      return count / restored.seconds;
    }

    async function bare(): Promise<number> {
      if (online.length === 0) return Number.NaN; // the warm-up begins with Larder
      await redis.flushall();
      const client = await stores.store.pool.connect();
      try {
        const started = performance.now();
        const read = async (): Promise<void> => {
          for await (const _ of client.query(
            copyTo(`copy (select * from ${HISTORY}) to stdout (format binary)`),
          ));
        };
        await Promise.all([read(), setAll(redis, online)]);
        const rate = count / ((performance.now() - started) / 1_000);
        progress(`COPY and HSET: ${Math.round(rate)} rows/s`);
        return rate;
      } finally {
        client.release();
      }
    }

    try {
      await restore();
      const measured = await interleaved(ROUNDS, restore, bare);
      const value = median(measured.values);
      const peakMib = Math.max(...peaks) / MIB;
      return [
        {
          name: 'restore',
          value,
          unit: 'rows/s',
          floor: median(measured.floors),
          ratio: median(measured.ratios),
          target: `≥ ${MIN_ROWS_PER_SECOND.toLocaleString('en-US')} rows/s`,
          ok: value >= MIN_ROWS_PER_SECOND,
        },
        {
          name: 'restore-memory',
          value: peakMib,
          unit: 'MiB at most, the process that restores',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_PEAK_MIB} MiB`,
          ok: peakMib <= MAX_PEAK_MIB,
        },
      ];
    } finally {
      redis.disconnect();
      await stores.close();
    }
  },
};

async function readAll(redis: Redis): Promise<[string, Buffer][]> {
  const found: [string, Buffer][] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(
      cursor,
      'MATCH',
      'larder:bench:{account:*',
      'COUNT',
      COMMANDS_PER_PIPELINE,
    );
    const rows = await Promise.all(keys.map((key) => redis.hgetBuffer(key, FIELD)));
    for (const [at, key] of keys.entries()) if (rows[at]) found.push([key, rows[at]]);
    cursor = next;
  } while (cursor !== '0');
  return found;
}

async function setAll(redis: Redis, rows: readonly (readonly [string, Buffer])[]): Promise<void> {
  for (let at = 0; at < rows.length; at += COMMANDS_PER_PIPELINE) {
    const commands = redis.pipeline();
    for (const [key, row] of rows.slice(at, at + COMMANDS_PER_PIPELINE)) commands.hset(key, FIELD, row);
    await commands.exec();
  }
}

export default bench;
