import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { slotOfEntity, tombstoneCountKey, tombstonesKey } from '../keys/tombstones.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';
import type { WriteTarget } from './send-packed.ts';

const SCRIPT = luaScript('erase-entity.lua');

/**
 * Deletes every row of an entity and leaves a tombstone; later writes are refused (`erased`). The count of tombstones, by which
 * a Redis that lost some is noticed, is in another slot of a Cluster, so it follows: dying in between makes it too small,
 * and the tombstones are published once more.
 * @returns how many rows
 */
export async function eraseEntity(
  redis: Redis,
  { project, hashOf }: WriteTarget,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<number> {
  const tombstones = tombstonesKey(project, slotOfEntity(name, key));
  const hash = hashOf(name, key);
  const [rows, added] = (await askRedis(
    runScript(redis, SCRIPT, [2, redisKey(project, name, key), tombstones, hash]),
  )) as [number, number];
  if (added === 1) {
    await askRedis(redis.hincrby(tombstoneCountKey(project), 'count', 1));
    // Redis may have lost everything between the two.
    if ((await askRedis(redis.hexists(tombstones, hash))) === 0)
      await askRedis(redis.hdel(tombstoneCountKey(project), 'count'));
  }
  return rows;
}
