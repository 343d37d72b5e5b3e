import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';

export interface RedisMemory {
  readonly usedBytes: number;
  /** `maxmemory`; null: that of the machine. */
  readonly limitBytes: number | null;
}

/** How near Redis is to refusing writes. @throws ONLINE_STORE_UNAVAILABLE */
export async function redisMemory(redis: Redis): Promise<RedisMemory> {
  const info = await askRedis(redis.info('memory'));
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { usedBytes: field('used_memory'), limitBytes: field('maxmemory') || null };
}
