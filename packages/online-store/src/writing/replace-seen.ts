import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';

const SCRIPT = luaScript('replace-seen.lua');

/** A call blocks Redis. */
const ROWS_PER_CALL = 50;

export interface SeenRow {
  readonly entity: string;
  /** From `entityKey`. */
  readonly entityKey: string;
  readonly viewRef: string;
  /** What was read. */
  readonly seen: Buffer;
  /** What replaces it; null: nothing. */
  readonly row: Buffer | null;
}

/** Replaces rows that still are what was read: one that landed meanwhile stays. @returns how many */
export async function replaceSeen(redis: Redis, project: string, rows: readonly SeenRow[]): Promise<number> {
  let replaced = 0;
  for (const [ref, ofView] of Map.groupBy(rows, ({ viewRef }) => viewRef))
    for (let start = 0; start < ofView.length; start += ROWS_PER_CALL) {
      const page = ofView.slice(start, start + ROWS_PER_CALL);
      const keys = page.map(({ entity, entityKey }) => redisKey(project, entity, entityKey));
      const values = page.flatMap(({ seen, row }) => [seen, row ?? '']);
      replaced += Number(await askRedis(runScript(redis, SCRIPT, [keys.length, ...keys, ref, ...values])));
    }
  return replaced;
}
