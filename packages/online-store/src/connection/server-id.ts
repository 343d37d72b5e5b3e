import type { Redis } from 'ioredis';
import { askRedis } from './ask-redis.ts';

/** The `run_id` of the server: another one after every start. */
export async function serverId(redis: Redis): Promise<string> {
  const [, id] = /^run_id:(\w+)/m.exec(await askRedis(redis.info('server'))) ?? [];
  if (id === undefined) throw new Error('INFO of Redis has no run_id.');
  return id;
}
