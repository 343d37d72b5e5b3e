import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { scanEntities } from '../keys/scan-entities.ts';

export interface OnlineEntity {
  readonly entity: string;
  readonly entityKey: string;
  /** By view reference, such as `ad_image@1`. */
  readonly rows: Readonly<Record<string, Buffer>>;
}

const ENTITIES_PER_PAGE = 200;

/** Everything that the online store holds of a project, in pages; an entity may come twice (Redis SCAN). */
export async function* readEntities(redis: Redis, project: string): AsyncGenerator<readonly OnlineEntity[]> {
  for await (const page of scanEntities(redis, project, ENTITIES_PER_PAGE)) {
    const rows = await askRedis(
      Promise.all(page.map(({ name, key }) => redis.hgetallBuffer(redisKey(project, name, key)))),
    );
    yield page.map(({ name, key }, at) => ({ entity: name, entityKey: key, rows: rows[at] ?? {} }));
  }
}
