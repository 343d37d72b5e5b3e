import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RULE = new URL('../../../infra/redis/users.acl', import.meta.url);

/** What tests ask themselves; product code must use none of it, and `test/redis/redis-user.test.ts` looks for that. */
const BY_TESTS =
  '+flushall +keys +dbsize +dump +restore +shutdown +config|get +config|set +config|resetstat +cluster +script|flush +object|encoding +client|list +client|kill +client|pause +select +ttl +type +hkeys';

/**
 * Settings of a Redis with an `admin` user. With `TEST_REDIS_USER=production`, every other connection has the rights of
 * `infra/redis/users.acl` alone: a command that is not in it fails the tests.
 */
export function asProductionUser(folder: string): Readonly<Record<string, string>> {
  const rights = readFileSync(RULE, 'utf8')
    .trim()
    .replace(/^user larder on/, '');
  const path = join(folder, 'users.acl');
  const limited = process.env['TEST_REDIS_USER'] === 'production';
  const all = limited ? `${rights} ${BY_TESTS}` : ' ~* &* +@all';
  writeFileSync(path, `user default on nopass${all}\nuser admin on >admin ~* &* +@all\n`);
  return { aclfile: path };
}
