import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { scanEntities } from '../keys/scan-entities.ts';

/** A view version whose rows are looked for. */
export interface ViewOfRows {
  readonly entity: string;
  /** `ad_image@1` */
  readonly ref: string;
}

const PAGE = 1_000;
/** Thousands of keys of others, and still no row: then it is not told. */
const MAX_PAGES = 20;

/**
 * Redis has no row of these views: it was emptied or replaced, or nothing ever landed. What workers write again by
 * themselves, such as windows, is no row of them. Two commands where there are rows.
 */
export async function holdsNoRows(
  redis: Redis,
  project: string,
  views: readonly ViewOfRows[],
): Promise<boolean> {
  const refsOf = Map.groupBy(views, ({ entity }) => entity);
  let pages = 0;
  for await (const page of scanEntities(redis, project, PAGE)) {
    const rows = await askRedis(
      Promise.all(
        page.flatMap(({ name, key }) => {
          const refs = refsOf.get(name)?.map(({ ref }) => ref) ?? [];
          return refs.length === 0 ? [] : [redis.hmget(redisKey(project, name, key), ...refs)];
        }),
      ),
    );
    if (rows.some((values) => values.some((value) => value !== null)) || ++pages === MAX_PAGES) return false;
  }
  return true;
}
