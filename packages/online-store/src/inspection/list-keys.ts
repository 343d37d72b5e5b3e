import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKeyPrefix } from '../keys/redis-keys.ts';

const MAX_SCAN_COUNT = 10_000;
/** SCAN calls per page. Where few keys match, a page may be short or empty and still have a cursor. */
const MAX_SCANS = 50;

export interface ListKeysOptions {
  /** Cursor of the page before; null: the first page. */
  readonly cursor: string | null;
  /** Keys wanted; a page may hold a few more, and may repeat a key of an earlier page (Redis SCAN). */
  readonly limit: number;
  /** Only entities that hold this view. */
  readonly viewRef?: string;
}

export interface KeyPage {
  readonly keys: string[];
  /** Null: this is the last page. */
  readonly cursor: string | null;
}

/** A page of an entity's keys in no order; never blocks Redis. @throws ONLINE_STORE_UNAVAILABLE */
export async function listKeys(
  redis: Redis,
  target: { readonly project: string; readonly entity: string },
  options: ListKeysOptions,
): Promise<KeyPage> {
  const prefix = redisKeyPrefix(target.project, target.entity);
  const found = new Set<string>();
  let cursor = options.cursor ?? '0';
  let count = options.limit;
  for (let scans = 0; scans < MAX_SCANS; scans++) {
    const [next, batch] = await askRedis(redis.scan(cursor, 'MATCH', `${prefix}*}`, 'COUNT', count));
    const matching = await (options.viewRef === undefined ? batch : holding(redis, batch, options.viewRef));
    for (const key of matching) found.add(key.slice(prefix.length, -1));
    cursor = next;
    if (cursor === '0' || found.size >= options.limit) break;
    // keys are spread evenly: if nothing matched, the next call can look at more of them
    count = matching.length === 0 ? Math.min(2 * count, MAX_SCAN_COUNT) : options.limit - found.size;
  }
  return { keys: [...found], cursor: cursor === '0' ? null : cursor };
}

async function holding(redis: Redis, keys: readonly string[], viewRef: string): Promise<string[]> {
  const held = await askRedis(Promise.all(keys.map((key) => redis.hexists(key, viewRef))));
  return keys.filter((_, i) => held[i] === 1);
}
