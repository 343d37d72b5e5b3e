import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';

export interface StoredEntity {
  readonly name: string;
  readonly key: string;
}

const SCAN_KEYS = 1_000;

/** Every entity of the project that has rows, in pages of at most so many, which may be empty; never blocks Redis. */
export async function* scanEntities(
  redis: Redis,
  project: string,
  pageSize: number,
): AsyncGenerator<readonly StoredEntity[]> {
  const ofEntity = new RegExp(`^larder:${project}:\\{([a-z0-9_]+):(.*)\\}$`, 's');
  let cursor = '0';
  do {
    const [next, keys] = await askRedis(
      redis.scan(cursor, 'MATCH', `larder:${project}:{*:*}`, 'COUNT', SCAN_KEYS),
    );
    cursor = next;
    const entities = keys.flatMap((redisName): StoredEntity[] => {
      const [, name, key] = ofEntity.exec(redisName) ?? [];
      return name === undefined || key === undefined ? [] : [{ name, key }];
    });
    for (let start = 0; start === 0 || start < entities.length; start += pageSize)
      yield entities.slice(start, start + pageSize);
  } while (cursor !== '0');
}
