import { LarderError, shellWord } from '@larder/core';
import type { Redis } from 'ioredis';
import { askRedis } from './ask-redis.ts';
import { waitForRedis } from './wait-for-redis.ts';

export interface CheckPolicyOptions {
  readonly timeoutMs: number;
  /** Address for the command that fixes it. @default left out, for callers of the HTTP API */
  readonly url?: string;
}

/**
 * Refuses a Redis that would drop features or jobs when its memory is full, and a user without Larder's keys.
 * @throws REDIS_POLICY_WRONG with the command that fixes it, REDIS_COMMAND_REFUSED, ONLINE_STORE_UNAVAILABLE
 */
export async function checkRedisPolicy(redis: Redis, { timeoutMs, url }: CheckPolicyOptions): Promise<void> {
  await waitForRedis(redis, timeoutMs);
  // CONFIG is forbidden on most managed services; INFO is not
  const [info] = await Promise.all([askRedis(redis.info('memory')), askRedis(redis.exists('larder:'))]);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === 'noeviction') return;
  const cli = url === undefined ? 'redis-cli' : `redis-cli ${cliAddress(url)}`;
  throw new LarderError(
    'REDIS_POLICY_WRONG',
    `Redis would evict features and jobs when its memory is full (maxmemory-policy ${policy ?? 'unknown'}). ` +
      `Run: ${cli} CONFIG SET maxmemory-policy noeviction && ${cli} CONFIG REWRITE (on a managed service: in its parameter group)`,
  );
}

/** Options that name the server to redis-cli, without the password, which it reads from REDISCLI_AUTH. */
function cliAddress(url: string): string {
  const { protocol, hostname, port, pathname, searchParams } = new URL(url);
  if (protocol === 'unix:') return `-s ${shellWord(decodeURIComponent(pathname))}`;
  const caFile = searchParams.get('sslrootcert');
  const tls =
    protocol === 'rediss:' ? ` --tls${caFile === null ? '' : ` --cacert ${shellWord(caFile)}`}` : '';
  return `-h ${hostname} -p ${port || '6379'}${tls}`;
}
