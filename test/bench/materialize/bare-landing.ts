import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connectRedis, type Redis } from '@larder/online-store';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

const PIECE_BYTES = 1 << 20;
const COMMANDS_PER_PIPELINE = 1_000;
const HISTORY = 'bench_history.account_stats_v1';

/** The data that Larder left in both stores, as bytes in memory. */
export interface LandedBytes {
  readonly rows: number;
  /** A binary COPY of the history table. */
  readonly history: readonly Buffer[];
  readonly online: readonly (readonly [key: string, row: Buffer])[];
}

export async function readLanded(databaseUrl: string, redisUrl: string): Promise<LandedBytes> {
  const history: Buffer[] = [];
  await withClient(databaseUrl, async (client) => {
    for await (const bytes of client.query(
      copyTo(`copy (select * from ${HISTORY}) to stdout (format binary)`),
    ))
      history.push(bytes as Buffer);
  });
  const online: [string, Buffer][] = [];
  await withRedis(redisUrl, async (redis) => {
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', 'larder:bench:{account:*', 'COUNT', 1_000);
      const rows = await Promise.all(keys.map((key) => redis.hgetBuffer(key, 'account_stats@1')));
      for (const [at, key] of keys.entries()) if (rows[at]) online.push([key, rows[at]]);
      cursor = next;
    } while (cursor !== '0');
  });
  return { rows: online.length, history, online };
}

/**
 * The floor: the same bytes by one COPY into a table with the same columns and indexes, and by plain pipelined HSETs,
 * side by side. Nothing is read, checked, compared or remembered. @returns seconds
 */
export async function landBare(landed: LandedBytes, databaseUrl: string, redisUrl: string): Promise<number> {
  return withClient(databaseUrl, async (client) => {
    await client.query('drop table if exists public.bare');
    await client.query(`create table public.bare (like ${HISTORY} including defaults including indexes)`);
    return withRedis(redisUrl, async (redis) => {
      const started = performance.now();
      await Promise.all([
        pipeline(
          Readable.from(pieces(landed.history)),
          client.query(copyFrom('copy public.bare from stdin (format binary)')),
        ),
        setAll(redis, landed.online),
      ]);
      return (performance.now() - started) / 1_000;
    });
  });
}

export async function deleteOnline(redisUrl: string, landed: Pick<LandedBytes, 'online'>): Promise<void> {
  await withRedis(redisUrl, async (redis) => {
    for (let at = 0; at < landed.online.length; at += COMMANDS_PER_PIPELINE)
      await redis.unlink(landed.online.slice(at, at + COMMANDS_PER_PIPELINE).map(([key]) => key));
  });
}

async function setAll(redis: Redis, rows: LandedBytes['online']): Promise<void> {
  for (let at = 0; at < rows.length; at += COMMANDS_PER_PIPELINE) {
    const commands = redis.pipeline();
    for (const [key, row] of rows.slice(at, at + COMMANDS_PER_PIPELINE))
      commands.hset(key, 'account_stats@1', row);
    await commands.exec();
  }
}

function* pieces(buffers: readonly Buffer[]): Generator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for (const buffer of buffers) {
    held.push(buffer);
    bytes += buffer.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  yield Buffer.concat(held);
}

async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function withRedis<Result>(url: string, work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = connectRedis(url, { role: 'tool', commandTimeoutMs: 60_000 });
  try {
    await redis.ping();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
