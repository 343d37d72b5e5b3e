import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestRedis, test } from '@larder/testing';
import { Redis } from 'ioredis';
import { describe, expect, test as plain } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const [RULE = ''] = readFileSync(join(ROOT, 'infra/redis/users.acl'), 'utf8').split('\n');
const ALLOWED = [...RULE.matchAll(/ \+(\S+)/g)].map(([, command]) => command ?? '');

/** Scripts of BullMQ behind what `packages/materialization/src/queue` calls, with what its worker does by itself. */
const BULLMQ =
  /^(addStandardJob|moveToActive|moveToFinished|moveToDelayed|moveStalledJobsToWait|extendLocks?|releaseLock|retryJob|getStateV2|isMaxed)-\d+\.js$/;
const OPTIONS: ReadonlySet<string> = new Set(['keepttl', 'limit', 'maxlen', 'withscores']);
/** What BullMQ and ioredis send without a script. */
const BY_CLIENTS = [
  'bzpopmin',
  'hexists',
  'hgetall',
  'exists',
  'hset',
  'client|setname',
  'info',
  'eval',
  'evalsha',
  'select', // an address with the number of a database
];

function commandsOf(folder: string, file: RegExp, command: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => file.test(name))
    .flatMap((name) =>
      Array.from(
        readFileSync(join(ROOT, folder, name), 'utf8')
          .replaceAll(/--.*/g, '')
          .matchAll(command),
      ),
    )
    .map(([, name = '']) => name.toLowerCase());
}

const USED = new Set([
  ...BY_CLIENTS,
  ...commandsOf('packages/online-store/src/scripts', /\.lua$/, /['"]([A-Z]{3,})['"]/g),
  // Also where a script takes the command from a variable. Quoted words in capitals that are no command are options.
  ...commandsOf('node_modules/bullmq/dist/cjs/scripts', BULLMQ, /\\?["']([A-Z]{3,})\\?["']/g).filter(
    (word) => !OPTIONS.has(word),
  ),
  ...commandsOf(
    'packages/online-store/src',
    /^(?!.*(\.test\.ts|testing\/)).*\.ts$/,
    /\bredis\.(del|get|hdel|hexists|hgetall|hget|hincrby|hmget|info|memory|pexpiretime|ping|scan|set|ttl|pttl|mget|expire|exists|keys)(?:Buffer)?\(/g,
  ).map((name) => (name === 'memory' ? 'memory|usage' : name)),
]);

describe('infra/redis/users.acl', () => {
  plain('allows every command in use, and no other', () => {
    expect(ALLOWED.toSorted()).toEqual([...USED].toSorted());
  });

  plain('the page about security quotes it', () => {
    const page = readFileSync(join(ROOT, 'docs/guides/security.md'), 'utf8');
    expect(page).toContain(`\`\`\`text\n${RULE}\n\`\`\``);
  });

  test('a server takes it, and refuses what is not in it', async ({ redis }) => {
    const admin = new Redis({
      path: decodeURIComponent(new URL(redis.url).pathname),
      username: 'admin',
      password: 'admin',
    });
    await admin.call('ACL', 'SETUSER', ...RULE.replace(/^user /, '').split(' '), '>secret');
    const larder = new Redis({
      path: decodeURIComponent(new URL(redis.url).pathname),
      username: 'larder',
      password: 'secret',
    });
    expect(await larder.set('larder:shop:erased', '1')).toBe('OK');
    await expect(larder.set('others', '1')).rejects.toThrow('NOPERM');
    for (const [command = '', ...args] of [
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', '*'],
      ['ACL', 'LIST'],
      ['SUBSCRIBE', 'x'],
      ['SHUTDOWN'],
    ])
      await expect(larder.call(command, ...args)).rejects.toThrow('NOPERM');
    larder.disconnect();
    admin.disconnect();
  });

  test('what it refuses fails the file of the test, also where nobody looks at the error', async () => {
    const redis = await startTestRedis();
    const client = new Redis({ path: decodeURIComponent(new URL(redis.url).pathname) });
    await client.set('larder:shop:erased', '1');
    await client.set('others', '1').catch(() => {});
    client.disconnect();
    await expect(redis.stop()).rejects.toThrow('others');
  });
});
