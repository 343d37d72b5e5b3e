import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { slotOfEntity, tombstonesKey, type KeyHasher } from '../keys/tombstones.ts';

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

export interface InspectTarget {
  readonly project: string;
  readonly keyHasher: () => Promise<KeyHasher>;
}

/** Everything the online store holds for one entity; null when it holds nothing. @throws ONLINE_STORE_UNAVAILABLE */
export async function inspectEntity(
  redis: Redis,
  { project, keyHasher }: InspectTarget,
  entity: { readonly name: string; readonly key: string },
): Promise<EntityInspection | null> {
  const key = redisKey(project, entity.name, entity.key);
  const [hash, expiresAtMs, memoryBytes] = await askRedis(
    Promise.all([redis.hgetallBuffer(key), redis.pexpiretime(key), redis.memory('USAGE', key, 'SAMPLES', 0)]),
  );
  const fields = Object.entries(hash);
  const erased = fields.length === 0 && (await isErased(redis, { project, keyHasher }, entity));
  if (fields.length === 0 && !erased) return null;
  return {
    redisKey: key,
    memoryBytes: memoryBytes ?? 0,
    expiresAtMs: expiresAtMs < 0 ? null : expiresAtMs,
    erased,
    fields: fields
      .map(([viewRef, row]) => ({ viewRef, row, sizeBytes: row.length }))
      .sort((a, b) => (a.viewRef < b.viewRef ? -1 : 1)),
  };
}

/** What Redis holds is shown even while the secret of the hash cannot be read from PostgreSQL. */
const SECRET_DEADLINE_MS = 1_000;

/** False also when the secret cannot be read. */
async function isErased(
  redis: Redis,
  { project, keyHasher }: InspectTarget,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<boolean> {
  const hashOf = await Promise.race([
    keyHasher().catch(() => null),
    new Promise<null>((resolve) => setTimeout(resolve, SECRET_DEADLINE_MS, null).unref()),
  ]);
  if (hashOf === null) return false;
  const tombstones = tombstonesKey(project, slotOfEntity(name, key));
  return (await askRedis(redis.hexists(tombstones, hashOf(name, key)))) === 1;
}
