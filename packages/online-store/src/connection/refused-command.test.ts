import { startTestRedis, type TestRedis } from '@larder/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOnlineStore } from '../online-store.ts';
import { orderAt, scoreRow, testHasher } from '../testing/views.ts';
import { checkRedisPolicy } from './check-redis-policy.ts';
import { connectRedis } from './connect-redis.ts';

let server: TestRedis;
const opened: Redis[] = [];
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(async () => {
  for (const redis of opened) redis.disconnect();
  await server.stop();
});

/** A connection of a user with these rights. */
async function limitedTo(rights: string): Promise<Redis> {
  const user = `user${opened.length}`;
  const path = decodeURIComponent(new URL(server.url).pathname);
  const admin = new Redis({ path, username: 'admin', password: 'admin' });
  await admin.call('ACL', 'SETUSER', user, 'on', '>secret', ...rights.split(' '));
  const redis = connectRedis(`unix://${user}:secret@localhost${path}`, { role: 'tool' });
  opened.push(admin, redis);
  return redis;
}

function refused(what: string) {
  return expect.objectContaining({
    code: 'REDIS_COMMAND_REFUSED',
    message: expect.stringMatching(new RegExp(`no right to ${what}.*infra/redis/users\\.acl`)),
  });
}

test('a command that the user lacks is named, with the file that has the rule', async () => {
  const redis = await limitedTo('~larder:* -@all +ping');
  await expect(checkRedisPolicy(redis, { timeoutMs: 5_000 })).rejects.toEqual(refused('run INFO'));
});

test('a start finds that the user lacks the keys', async () => {
  const redis = await limitedTo('~others:* +@all');
  await expect(checkRedisPolicy(redis, { timeoutMs: 5_000 })).rejects.toEqual(
    refused('use the key that EXISTS names'),
  );
});

test('a refusal inside a script says where to look for the command', async () => {
  const redis = await limitedTo('~larder:* +@all -hset -hmset');
  // Redis 7.0 does not name it
  const store = createOnlineStore({ redis, project: 'shop', keyHasher: testHasher });
  await expect(store.write([scoreRow('a', orderAt(1))])).rejects.toEqual(
    refused('run (HSET|HMSET|a command inside a script .*ACL LOG)'),
  );
});
