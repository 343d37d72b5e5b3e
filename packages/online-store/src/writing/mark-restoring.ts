import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { serverId } from '../connection/server-id.ts';

/** A restore takes minutes; the mark of one that died goes by itself. */
const MARK_MS = 7 * 86_400_000;

/** Tells whether a Redis still has what was written since the mark. */
export interface RestoringMark {
  /** False: this server was started, flushed or replaced since, and may lack it. */
  held(): Promise<boolean>;
  clear(): Promise<void>;
}

/** Leaves a mark that goes with everything else when Redis loses its data, and notes which server it is. */
export async function markRestoring(redis: Redis, project: string): Promise<RestoringMark> {
  const key = `larder:${project}:restoring:${randomUUID()}`;
  const server = await serverId(redis);
  await askRedis(redis.set(key, server, 'PX', MARK_MS));
  return {
    held: async () => (await askRedis(redis.get(key))) === server && (await serverId(redis)) === server,
    clear: async () => void (await askRedis(redis.del(key))),
  };
}
