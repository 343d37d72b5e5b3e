import { LarderError } from '@larder/core';
import type { Redis } from 'ioredis';
import { askRedis, unavailable } from './redis-errors.ts';

/** Waits until the connection can take commands. @throws ONLINE_STORE_UNAVAILABLE after `timeoutMs` */
export async function waitForRedis(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  if (redis.status === 'end') throw notReached(new Error('the connection was closed'));
  await new Promise<void>((resolve, reject) => {
    let lastError: Error = new Error('no connection');
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      redis.off('ready', onReady).off('error', onError).off('end', onEnd);
      outcome();
    };
    const fail = () => settle(() => reject(notReached(lastError)));
    const onReady = () => settle(resolve);
    const onError = (error: Error) => (lastError = error);
    const onEnd = fail;
    const timer = setTimeout(fail, timeoutMs);
    redis.on('ready', onReady).on('error', onError).on('end', onEnd);
  });
}

/**
 * Refuses a Redis that would drop features or jobs when its memory is full.
 * @throws REDIS_POLICY_WRONG with the command that mends it, ONLINE_STORE_UNAVAILABLE
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

function notReached(reason: Error): LarderError {
  return unavailable(`Redis cannot be reached: ${reason.message}. Check LARDER_REDIS_URL.`, reason);
}
