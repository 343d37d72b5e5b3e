import { test } from '@larder/testing';
import { connectRedis } from '@larder/online-store';
import { expect, onTestFinished } from 'vitest';
import { copyShop, jsonOf, larder, shopEnv } from '../../fixtures/run-cli.ts';

test('doctor and status say that Redis refuses writes', { timeout: 60_000 }, async ({ database, redis }) => {
  const env = shopEnv(copyShop(), database.url, redis.url);
  expect((await larder(['migrate'], env)).code).toBe(0);
  const client = connectRedis(redis.url, { role: 'tool' });
  onTestFinished(async () => {
    await client.config('SET', 'maxmemory', '0');
    client.disconnect();
  });
  await client.config('SET', 'maxmemory', '1');
  expect(jsonOf(await larder(['doctor', '--json'], env))['checks']).toContainEqual(
    expect.objectContaining({
      check: 'redis',
      status: 'fail',
      detail: expect.stringContaining('refuses writes'),
    }),
  );
  expect(jsonOf(await larder(['status', '--json'], env))['problems']).toContainEqual(
    expect.objectContaining({ kind: 'redis_full', severity: 'act' }),
  );
});
