import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

const RULE = new URL('../../../infra/redis/users.acl', import.meta.url);
const ADMIN = { username: 'admin', password: 'admin' };

/** What tests ask themselves, on connections of their own; the names that `connectRedis` gives must not use it. */
const BY_TESTS = [
  'client config|get config|resetstat config|set cluster dbsize dump exec flushall hkeys keys',
  'multi object|encoding pexpireat restore script|flush shutdown ttl type unlink',
]
  .join(' ')
  .split(' ');

/**
 * Settings of a Redis with an `admin` user, where every other connection has the rights of `infra/redis/users.acl`, and
 * what tests ask themselves: a command or key that is not in it fails the tests.
 */
export function asProductionUser(folder: string): Readonly<Record<string, string>> {
  const rights = readFileSync(RULE, 'utf8')
    .trim()
    .replace(/^user larder on/, '');
  const path = join(folder, 'users.acl');
  const byTests = BY_TESTS.map((command) => `+${command}`).join(' ');
  writeFileSync(path, `user default on nopass${rights} ${byTests}\nuser admin on >admin ~* &* +@all\n`);
  return { aclfile: path };
}

/** Commands and keys that the server refused, also where the code under test swallowed the error. */
export async function refusedByRedis(url: string): Promise<string[]> {
  const redis = new Redis({
    path: decodeURIComponent(new URL(url).pathname),
    ...ADMIN,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    commandTimeout: 5_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => {}); // a server that a test killed has nothing to tell
  try {
    await redis.connect();
    const entries = ((await redis.call('ACL', 'LOG', '128')) as string[][]).map(pairs);
    return entries
      .filter(({ username, reason }) => username === 'default' && reason !== 'auth')
      .map(({ reason, context, object, 'client-info': client }) => {
        const name = /\bname=(\S+)/.exec(client ?? '')?.[1] ?? 'a test';
        return `${reason ?? ''} ${object ?? ''} (${context ?? ''}, by ${name})`;
      });
  } catch {
    return [];
  } finally {
    redis.disconnect();
  }
}

function pairs(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    flat.flatMap((name, index) => (index % 2 === 0 ? [[name, String(flat[index + 1])]] : [])),
  ) as Record<string, string>;
}
