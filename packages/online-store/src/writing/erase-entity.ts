import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';

const SCRIPT = luaScript('erase-entity.lua');

/** Deletes every row of an entity and leaves a tombstone; later writes are refused (`erased`). */
export async function eraseEntity(
  redis: Redis,
  project: string,
  entity: { readonly name: string; readonly key: string },
): Promise<void> {
  await askRedis(runScript(redis, SCRIPT, [1, redisKey(project, entity.name, entity.key)]));
}
