import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { slotOfEntity, tombstoneCountKey, tombstonesKey } from '../keys/tombstones.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';
import type { WriteTarget } from './write-rows.ts';

const SCRIPT = luaScript('erase-entity.lua');

/** Deletes every row of an entity and leaves a tombstone; later writes are refused (`erased`). @returns how many rows */
export async function eraseEntity(
  redis: Redis,
  { project, hashOf }: WriteTarget,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<number> {
  const keys = [
    redisKey(project, name, key),
    tombstonesKey(project, slotOfEntity(name, key)),
    tombstoneCountKey(project),
  ] as const;
  return Number(await askRedis(runScript(redis, SCRIPT, [3, ...keys, hashOf(name, key)])));
}
