import { tlsProblem, type LarderError } from '@larder/core';
import type { Redis } from 'ioredis';
import { unavailable } from './ask-redis.ts';

/** Waits until the connection can take commands. @throws ONLINE_STORE_UNAVAILABLE after `timeoutMs` */
export async function waitForRedis(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  if (redis.status === 'end') throw notReached(redis, new Error('the connection was closed'));
  await new Promise<void>((resolve, reject) => {
    let lastError: Error = new Error('no connection');
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      redis.off('ready', onReady).off('error', onError).off('end', onEnd);
      outcome();
    };
    const fail = () => settle(() => reject(notReached(redis, lastError)));
    const onReady = () => settle(resolve);
    const onError = (error: Error) => (lastError = error);
    const onEnd = fail;
    const timer = setTimeout(fail, timeoutMs);
    redis.on('ready', onReady).on('error', onError).on('end', onEnd);
  });
}

function notReached(redis: Redis, reason: Error): LarderError {
  const problem = tlsProblem(reason);
  if (problem !== null) return unavailable(`Redis cannot be used: ${problem}.`, reason);
  // a Redis without TLS may wait for the rest of what it takes for a command
  const hint =
    redis.options.tls === undefined ? '' : ' rediss:// needs a Redis that speaks TLS on this port.';
  return unavailable(`Redis cannot be reached: ${reason.message}. Check LARDER_REDIS_URL.${hint}`, reason);
}
