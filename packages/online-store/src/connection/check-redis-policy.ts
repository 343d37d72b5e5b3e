import { LarderError } from '@larder/core';
import type { Redis } from 'ioredis';
import { askRedis } from './ask-redis.ts';
import { waitForRedis } from './wait-for-redis.ts';

/**
 * Refuses a Redis that would drop features or jobs when its memory is full.
 * @throws REDIS_POLICY_WRONG with the command that fixes it, ONLINE_STORE_UNAVAILABLE
 */
export async function checkRedisPolicy(redis: Redis, options: { readonly timeoutMs: number }): Promise<void> {
  await waitForRedis(redis, options.timeoutMs);
  // CONFIG is forbidden on most managed services; INFO is not
  const info = await askRedis(redis.info('memory'));
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === 'noeviction') return;
  throw new LarderError(
    'REDIS_POLICY_WRONG',
    `Redis would evict features and jobs when its memory is full (maxmemory-policy ${policy ?? 'unknown'}). ` +
      'Run: redis-cli CONFIG SET maxmemory-policy noeviction; then CONFIG REWRITE, or change the parameter group of the managed service.',
  );
}
