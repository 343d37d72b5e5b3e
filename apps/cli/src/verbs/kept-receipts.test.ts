import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@larder/core';
import { forgetEntity, readKeptReceipts, type ReceiptPlace } from '@larder/materialization/erasure';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { pushRows } from '@larder/materialization/push';
import { connectRedis } from '@larder/online-store';
import { applyManifest, openReceipts } from '@larder/registry';
import { expect, onTestFinished } from 'vitest';
import { jsonOf, larder, type CliResult } from '../../fixtures/run-cli.ts';

const NO_ERASURES =
  'delete from larder.tombstones; delete from larder.erasures; update larder.erasure_secrets set tombstones = 0';

/** A shop with three articles, and a folder that keeps receipts. */
async function openKeeping(shop: Shop) {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  const folder = mkdtempSync(join(tmpdir(), 'larder-kept-'));
  onTestFinished(() => {
    redis.disconnect();
    rmSync(folder, { recursive: true });
  });
  const { manifest } = shop.project;
  await applyManifest(shop.store, manifest, { actor: 'test' });
  const deps = {
    offlineStore: shop.store,
    onlineStore: shop.onlineStore,
    logger: shop.logger,
    clock: systemClock,
  };
  await redis.flushall();
  await shop.sql(`truncate shop_history.stock_v1; drop table if exists kept, counted; ${NO_ERASURES}`);
  await pushRows(deps, {
    manifest,
    view: 'stock',
    rows: ['a', 'b', 'c'].map((id) => ({
      article_id: id,
      event_timestamp: new Date().toISOString(),
      price: 1,
      pieces: 1,
      place: 'p',
      sizes: [1, 2],
    })),
  });
  await shop.sql(
    'create table kept as select * from shop_history.stock_v1; create table counted as select chunk_id, rows_erased from larder.chunks',
  );
  const args = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  return {
    folder,
    run: (verb: readonly string[], url: string | null = folder): Promise<CliResult> =>
      larder([...verb, '--json', ...args], url === null ? {} : { LARDER_RECEIPTS_URL: url }),
    forget: (key: string, receipts: ReceiptPlace) =>
      forgetEntity(
        { ...deps, receipts, eraseFromArchives: async () => ({ rows: 0, unreachable: [] }) },
        { manifest, entity: 'article', key, actor: 'test', reason: null },
      ),
    kept: () => readdirSync(join(folder, 'shop')).toSorted(),
    online: async () =>
      (await redis.keys('larder:shop:{article:*'))
        .map((key) => key.slice('larder:shop:{'.length, -1))
        .toSorted(),
    /** PostgreSQL goes back to before every erasure. */
    async lose({ alsoRedis = true } = {}): Promise<void> {
      await shop.sql(`truncate shop_history.stock_v1; insert into shop_history.stock_v1 select * from kept;
        update larder.chunks c set rows_erased = k.rows_erased from counted k where k.chunk_id = c.chunk_id;
        ${NO_ERASURES}`);
      if (alsoRedis) await redis.flushall();
    },
  };
}

const RESTORE = ['restore', '--authoritative'];

test('whose erasure PostgreSQL and Redis lost is erased again, because the receipt kept itself', async ({
  shop,
}) => {
  const { run, kept, lose, online, folder } = await openKeeping(shop);
  expect(await run(['forget', 'article', 'a', '--yes'])).toMatchObject({ code: 0 });
  const [name = '', ...others] = kept();
  expect(others).toEqual([]);
  expect(name).toMatch(/^article\.[0-9a-f]{64}\.\d{13}\.erased\.json$/);
  expect(JSON.parse(readFileSync(join(folder, 'shop', name), 'utf8'))).toEqual({
    entity: 'article',
    key_hash: name.split('.')[1],
    erased: new Date(Number(name.split('.')[2])).toISOString(),
  });

  await lose();
  expect(jsonOf(await run(RESTORE, null))).toMatchObject({ receipts_read: null, erased_again: 0 });
  expect(await online()).toEqual(['article:a', 'article:b', 'article:c']);
  expect(jsonOf(await run(RESTORE))).toMatchObject({
    receipts_read: 1,
    erasures_replayed: 1,
    erased_again: 1,
  });
  expect(await online()).toEqual(['article:b', 'article:c']);
  expect(jsonOf(await run(RESTORE))).toMatchObject({ erasures_replayed: 0, erased_again: 0 });
});

test('nothing is erased while the receipt cannot be kept', async ({ shop }) => {
  const { run, online, folder } = await openKeeping(shop);
  const refused = await run(['forget', 'article', 'a', '--yes'], join(folder, 'not-mounted'));
  expect([refused.code, jsonOf(refused)]).toMatchObject([
    1,
    { code: 'RECEIPTS_UNAVAILABLE', retryable: true },
  ]);
  expect(await online()).toContain('article:a');
  expect(await shop.sql('select from larder.erasures')).toEqual([]);
  expect(await shop.sql('select from larder.tombstones')).toEqual([]);
});

test('two processes, and one that died after it had kept the receipt, make one erasure of the key', async ({
  shop,
}) => {
  const { run, lose, online, forget, folder } = await openKeeping(shop);
  const place = openReceipts(folder);
  const dying: ReceiptPlace = {
    ...place,
    async write(...object) {
      await place.write(...object);
      throw new Error('killed');
    },
  };
  await expect(forget('a', dying)).rejects.toThrow('killed');
  expect(await online()).toContain('article:a');
  await Promise.all([forget('a', place), forget('a', openReceipts(folder))]);
  await lose();
  expect(jsonOf(await run(RESTORE))).toMatchObject({ erasures_replayed: 1, erased_again: 1 });
  expect(await online()).toEqual(['article:b', 'article:c']);
});

test('Redis and a receipt that remember the same erasure count once', async ({ shop }) => {
  const { run, lose } = await openKeeping(shop);
  for (const key of ['a', 'elsewhere']) await run(['forget', 'article', key, '--yes']);
  await lose({ alsoRedis: false });
  expect(jsonOf(await run([...RESTORE, '--yes']))).toMatchObject({
    receipts_read: 2,
    erasures_replayed: 2,
    erased_again: 1,
  });
  expect(await shop.sql('select from larder.erasures')).toHaveLength(2);
});

test('a key that was allowed again stays after a recovery, and its next erasure holds', async ({ shop }) => {
  const { run, lose, online, kept, folder } = await openKeeping(shop);
  await run(['forget', 'article', 'a', '--yes']);
  // As if it had been erased two hours ago.
  await shop.sql(`update larder.erasures set completed_at = completed_at - interval '2 hours'`);
  const [name = ''] = kept();
  const earlier = name.replace(/\d{13}/, (time) => String(Number(time) - 3 * 3_600_000));
  renameSync(join(folder, 'shop', name), join(folder, 'shop', earlier));
  const notKept = await run(['forget', 'article', 'a', '--allow-again'], join(folder, 'not-mounted'));
  expect(jsonOf(notKept)).toMatchObject({ code: 'RECEIPTS_UNAVAILABLE' });
  expect(await run(['forget', 'article', 'a', '--allow-again'])).toMatchObject({ code: 0 });
  expect(kept()).toHaveLength(2);
  await lose();
  expect(jsonOf(await run(RESTORE))).toMatchObject({ receipts_read: 2, erasures_replayed: 0 });
  expect(await online()).toEqual(['article:a', 'article:b', 'article:c']);

  await run(['forget', 'article', 'a', '--yes']);
  await lose();
  expect(jsonOf(await run(RESTORE))).toMatchObject({ receipts_read: 3, erasures_replayed: 1 });
  expect(await online()).toEqual(['article:b', 'article:c']);
});

test.for(['notes.txt', 'article.zz.1.erased.json', '\u001b[2Jarticle.json', 'x'.repeat(250)])(
  'an object that is not a receipt is named before anything is changed: %j',
  async (name, { shop }) => {
    const { run, folder, online } = await openKeeping(shop);
    await run(['forget', 'article', 'a', '--yes']);
    writeFileSync(join(folder, 'shop', name), '');
    const before = await online();
    const refused = await run(RESTORE);
    expect([refused.code, jsonOf(refused)]).toMatchObject([1, { code: 'RECEIPT_INVALID' }]);
    expect(String(jsonOf(refused)['detail'])).toContain(JSON.stringify(name));
    expect(await online()).toEqual(before);
  },
);

test('10,000 receipts are one list of names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-kept-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const place = openReceipts(folder);
  await place.write('shop', `article.${'f'.repeat(64)}.1.erased.json`, '');
  for (let n = 0; n < 9_999; n++)
    writeFileSync(
      join(folder, 'shop', `article.${String(n).padStart(64, '0')}.1700000000000.erased.json`),
      '',
    );
  const { read, erasures } = await readKeptReceipts(place, 'shop');
  expect([read, erasures.length]).toEqual([10_000, 10_000]);
});
