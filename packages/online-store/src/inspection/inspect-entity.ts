import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { ERASED_FIELD, redisKey } from '../keys/redis-keys.ts';

export interface InspectedField {
  readonly viewRef: string;
  /** The bytes in Redis, even of a schema or format that this process does not know. */
  readonly row: Buffer;
  readonly sizeBytes: number;
}

export interface EntityInspection {
  readonly redisKey: string;
  /** Memory that Redis uses for the whole key. */
  readonly memoryBytes: number;
  /** When Redis drops the key; null: never. */
  readonly expiresAtMs: number | null;
  /** The entity was erased and takes no rows. */
  readonly erased: boolean;
  /** Sorted by reference. */
  readonly fields: readonly InspectedField[];
}

/** Everything the online store holds for one entity; null when it holds nothing. @throws ONLINE_STORE_UNAVAILABLE */
export async function inspectEntity(
  redis: Redis,
  project: string,
  entity: { readonly name: string; readonly key: string },
): Promise<EntityInspection | null> {
  const key = redisKey(project, entity.name, entity.key);
  const [hash, expiresAtMs, memoryBytes] = await askRedis(
    Promise.all([redis.hgetallBuffer(key), redis.pexpiretime(key), redis.memory('USAGE', key, 'SAMPLES', 0)]),
  );
  const fields = Object.entries(hash);
  if (fields.length === 0) return null;
  return {
    redisKey: key,
    memoryBytes: memoryBytes ?? 0,
    expiresAtMs: expiresAtMs < 0 ? null : expiresAtMs,
    erased: ERASED_FIELD in hash,
    fields: fields
      .filter(([field]) => !field.startsWith('!'))
      .map(([viewRef, row]) => ({ viewRef, row, sizeBytes: row.length }))
      .sort((a, b) => (a.viewRef < b.viewRef ? -1 : 1)),
  };
}
