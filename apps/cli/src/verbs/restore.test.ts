import { once } from 'node:events';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { wrongOnlineRows } from '@larder/materialization/fixtures/wrong-online-rows';
import { connectRedis } from '@larder/online-store';
import { applyManifest } from '@larder/registry';
import { expect, onTestFinished } from 'vitest';
import { jsonOf, larder, startCli } from '../../fixtures/run-cli.ts';

const ADS = 600;

const addresses = (shop: Shop) => [
  '--project',
  CONFIG_PATH,
  '--database-url',
  shop.databaseUrl,
  '--redis-url',
  shop.redisUrl,
];

test('fills an empty Redis; killed midway and run again, twice at once, it ends the same', async ({
  shop,
}) => {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  const args = addresses(shop);
  const unapplied = await larder(['restore', ...args]);
  expect(unapplied).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Restore PostgreSQL first') as string,
  });

  const { manifest } = shop.project;
  await applyManifest(shop.store, manifest, { actor: 'test' });
  await shop.seedAds(ADS, () => 'two words');
  const worker = shop.materializer();
  await shop.ended(await shop.backfill('ad_words'));
  await worker.stop({ deadlineMs: 5_000 });
  await redis.flushall();

  const slow = startCli(['restore', 'ad_words', '--max-rows-per-second', '100', ...args], {
    cwd: process.cwd(),
  });
  await expect.poll(() => redis.keys('larder:shop:{ad:*'), { timeout: 60_000 }).not.toEqual([]);
  slow.kill('SIGKILL');
  await once(slow, 'close');
  expect((await redis.keys('larder:shop:{ad:*')).length).toBeLessThan(ADS);

  const both = await Promise.all([
    larder(['restore', '--json', ...args]),
    larder(['restore', '--json', '--max-rows-per-second', '2000', ...args]),
  ]);
  for (const result of both) {
    expect(result).toMatchObject({ code: 0 });
    expect(jsonOf(result)).toMatchObject({
      tombstones: 0,
      views: expect.arrayContaining([
        expect.objectContaining({ view: 'ad_words@1', rows: ADS, newer: 0 }),
      ]) as unknown,
    });
  }
  expect(await wrongOnlineRows(shop.store, redis, manifest)).toEqual({ compared: ADS, wrong: [] });

  const again = await larder(['restore', 'ad_words@1', ...args]);
  expect(again.stdout).toMatch(/^ad_words@1 +600 +0 +0$/m);
  expect(await larder(['restore', 'nothing', ...args])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("There is no feature view 'nothing'") as string,
  });
  expect((await larder(['restore', '--since', 'yesterday', ...args])).code).toBe(2);
  expect(await larder(['restore', '--since', '2999-01-01T00:00:00Z', ...args])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('lies in the future') as string,
  });
});
