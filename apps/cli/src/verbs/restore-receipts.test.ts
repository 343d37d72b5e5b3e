import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { systemClock } from '@larder/core';
import { CONFIG_PATH, test } from '@larder/materialization/fixtures';
import { pushRows } from '@larder/materialization/push';
import { forgetEntity } from '@larder/materialization/erasure';
import { connectRedis } from '@larder/online-store';
import { applyManifest } from '@larder/registry';
import { expect, inject, onTestFinished } from 'vitest';
import { jsonOf, larder } from '../../fixtures/run-cli.ts';

test('people whose erasure PostgreSQL and Redis lost are erased again by receipts that were kept, and are not online', async ({
  shop,
}) => {
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  const args = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const { manifest } = shop.project;
  await applyManifest(shop.store, manifest, { actor: 'test' });
  const deps = {
    offlineStore: shop.store,
    onlineStore: shop.onlineStore,
    logger: shop.logger,
    clock: systemClock,
  };
  const push = () =>
    pushRows(deps, {
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
  await push();
  await shop.sql(
    'create table kept as select * from shop_history.stock_v1; create table counted as select chunk_id, rows_erased from larder.chunks',
  );
  await forgetEntity(
    { ...deps, eraseFromArchives: async () => ({ rows: 0, unreachable: [] }) },
    { manifest, entity: 'article', key: 'a', actor: 'test', reason: null },
  );
  const receipts = join(inject('testFolder'), 'receipts.json');
  const listed = await larder(['forget', '--receipts', '--json', '--limit', '1000', ...args]);
  expect(listed.code).toBe(0);
  writeFileSync(receipts, listed.stdout);
  await shop.sql(`truncate shop_history.stock_v1; insert into shop_history.stock_v1 select * from kept; drop table kept;
    update larder.chunks c set rows_erased = k.rows_erased from counted k where k.chunk_id = c.chunk_id; drop table counted;
    delete from larder.tombstones; delete from larder.erasures; update larder.erasure_secrets set tombstones = 0`);
  await redis.flushall();
  const restored = await larder(['restore', '--authoritative', '--json', '--receipts', receipts, ...args]);
  expect(jsonOf(restored)).toMatchObject({ erasures_replayed: 1, erased_again: 1 });
  expect((await redis.keys('larder:shop:{article:*')).toSorted()).toEqual([
    'larder:shop:{article:b}',
    'larder:shop:{article:c}',
  ]);
});
