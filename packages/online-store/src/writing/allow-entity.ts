import type { Redis } from 'ioredis';
import { LarderError } from '@larder/core';
import { askRedis } from '../connection/ask-redis.ts';
import { slotOfEntity, tombstoneCountKey, tombstonesKey } from '../keys/tombstones.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';
import type { WriteTarget } from './send-packed.ts';

const SCRIPT = luaScript('uncount-tombstone.lua');

/**
 * Deletes the tombstone of an entity, once it is not among those that would be restored. The count goes first: dying in
 * between makes it too small, and the others are published once more. Safe to repeat.
 * @throws ERASURE_UNFINISHED while tombstones are restored: this one may be among them
 */
export async function allowEntity(
  redis: Redis,
  { project, hashOf }: WriteTarget,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<void> {
  const tombstones = tombstonesKey(project, slotOfEntity(name, key));
  const hash = hashOf(name, key);
  const uncount = async (by: 0 | 1): Promise<void> => {
    if ((await askRedis(runScript(redis, SCRIPT, [1, tombstoneCountKey(project), by]))) === 0)
      throw new LarderError(
        'ERASURE_UNFINISHED',
        'The tombstones of this Redis are being restored, maybe also that of the key. Repeat this when that has ended.',
      );
  };
  // Before it is looked for: one that was read from PostgreSQL already may be published later.
  await uncount(0);
  if ((await askRedis(redis.hexists(tombstones, hash))) === 0) return;
  await uncount(1);
  await askRedis(redis.hdel(tombstones, hash));
}
