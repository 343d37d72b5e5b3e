import { PassThrough } from 'node:stream';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { expect } from 'vitest';
import { runProgram } from '../program.ts';

async function larder(shop: Shop, ...argv: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stores = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const { signal } = new AbortController();
  const code = await runProgram({ argv: [...argv, ...stores], stdout, stderr, signal });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

test('erases an entity, prints the receipt and lists it', async ({ shop }) => {
  await shop.seedAds(2, () => 'two words');
  const materializer = shop.materializer();
  await shop.ended(await shop.backfill('ad_words'));
  await materializer.stop({ deadlineMs: 1_000 });

  const unconfirmed = await larder(shop, 'forget', 'ad', 'ad-0000');
  expect(unconfirmed.code).not.toBe(0);
  expect(unconfirmed.err).toContain('--yes');
  expect(await shop.online('ad_words@1', 'ad-0000')).not.toBeNull();

  const forgotten = await larder(shop, 'forget', 'ad', 'ad-0000', '--yes', '--reason', 'asked');
  expect(forgotten.code).toBe(0);
  expect(forgotten.out).toMatch(/^removed {4}1 from history:shop_history\.ad_words_v1$/m);
  expect(forgotten.out).toMatch(/^removed {4}1 from online$/m);
  expect(await shop.online('ad_words@1', 'ad-0000')).toBeNull();
  expect(await shop.online('ad_words@1', 'ad-0001')).not.toBeNull();

  const again = await larder(shop, 'forget', 'ad', 'ad-0000', '--yes', '--json');
  expect(JSON.parse(again.out)).toMatchObject({
    status: 'complete',
    entity: 'ad',
    reason: null,
    still_held: [],
  });
  const listed = await larder(shop, 'forget', '--receipts', '--json');
  expect(JSON.parse(listed.out)).toMatchObject({
    receipts: [{ status: 'complete' }, { status: 'complete', reason: 'asked' }],
  });
  expect(forgotten.out + again.out + listed.out).not.toContain('ad-0000');
  expect((await larder(shop, 'forget', 'ad')).code).toBe(2);
});
