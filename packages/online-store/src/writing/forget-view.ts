import type { Redis } from 'ioredis';
import { listKeys } from '../inspection/list-keys.ts';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';

const PAGE_KEYS = 1_000;

export interface ForgottenView {
  readonly project: string;
  readonly entity: string;
  /** `ad_image@1` */
  readonly viewRef: string;
}

/**
 * Deletes every row of a view version, page by page, without blocking Redis; other views of the same entities stay.
 * Rows written meanwhile may stay: stop the writers first.
 * @returns how many rows @throws ONLINE_STORE_UNAVAILABLE
 */
export async function forgetView(redis: Redis, { project, entity, viewRef }: ForgottenView): Promise<number> {
  let forgotten = 0;
  let cursor: string | null = null;
  do {
    const page = await listKeys(redis, { project, entity }, { cursor, limit: PAGE_KEYS, viewRef });
    const deleted = await askRedis(
      Promise.all(page.keys.map((key) => redis.hdel(redisKey(project, entity, key), viewRef))),
    );
    for (const count of deleted) forgotten += count;
    cursor = page.cursor;
  } while (cursor !== null);
  return forgotten;
}
