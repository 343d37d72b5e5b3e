import { newId } from '@larder/core';
import { test } from '@larder/materialization/fixtures';
import { createBackfill, listRuns } from '@larder/materialization/runs';
import { expect } from 'vitest';
import { startRetention } from './start-retention.ts';

test('a worker deletes runs that ended long ago, step by step in one turn, and artifacts that nothing refers to', async ({
  shop,
}) => {
  await shop.seedAds(10, () => 'two words');
  const backfill = (force = false) =>
    createBackfill(shop.store, {
      manifest: shop.project.manifest,
      view: 'ad_words',
      scope: { all: true },
      force,
      idempotencyKey: newId(),
    });
  const worker = shop.materializer();
  const old = await backfill();
  await shop.ended(old.runId);
  const young = await backfill(true);
  await shop.ended(young.runId);
  await worker.stop({ deadlineMs: 1_000 });
  await shop.sql(
    `update larder.runs set finished_at = now() - interval '31 days' where run_id = '${old.runId}'`,
  );
  await shop.sql(`
    insert into larder.objects (sha256, size_bytes, backend, touched_at)
    values ('orphan', 1, 'postgresql', now() - interval '61 minutes'), ('new', 1, 'postgresql', now());
    insert into larder.object_parts values ('orphan', 0, 'x'), ('new', 0, 'x')`);
  await shop.sql(`
    insert into larder.labels (project, name, source, event_id, entity, entity_key, event_timestamp, value)
    select 'shop', 'clicked', 's', age::text, 'ad', 'ad-1', now() - age * interval '1 day', 'true'
    from unnest(array[29, 31]) age`);
  await shop.sql(`
    insert into larder.remembered_values (project, content_sha256, computation, values, size_bytes, revision, used_at)
    select 'shop', decode(lpad(at::text, 64, '0'), 'hex'), decode(repeat('00', 32), 'hex'), '', 6000, 1, now() - at * interval '1 hour'
    from generate_series(1, 3) at`);
  await shop.sql(`
    insert into shop_history.ad_windows_v1_tiles
      (entity_key, window_index, tile, version, newest_event, newest_created, revision, numbers)
    select 'ad-1', 0, tile, 1, 0, 0, 1, '{}' from unnest(array[1, extract(epoch from now())::bigint / 10]) tile`);
  const retention = startRetention({
    store: shop.store,
    project: 'shop',
    applied: () => shop.project.manifest,
    retention: {
      changesMs: 'forever',
      labelsMs: 30 * 86_400_000,
      predictionsMs: 'forever',
      runsMs: 30 * 86_400_000,
      pushesMs: 86_400_000,
    },
    modelVersionsKept: 10,
    valueMemoryBytes: 10_000,
    artifactsUrl: null,
    logger: shop.logger,
  });
  await expect
    .poll(async () => (await listRuns(shop.store, 'shop')).runs.map((run) => run.runId), { timeout: 60_000 })
    .toEqual([young.runId]);
  await expect.poll(() => shop.sql('select sha256 from larder.object_parts')).toEqual([{ sha256: 'new' }]);
  await expect.poll(() => shop.sql('select event_id from larder.labels')).toEqual([{ event_id: '29' }]);
  // What was used last fits into the memory; a tile of 1970 is in no window.
  await expect
    .poll(() =>
      shop.sql(`select ltrim(encode(content_sha256, 'hex'), '0') as value from larder.remembered_values`),
    )
    .toEqual([{ value: '1' }]);
  await expect
    .poll(() => shop.sql('select tile > 1 as young from shop_history.ad_windows_v1_tiles'))
    .toEqual([{ young: true }]);
  await retention.stop();
  expect(await shop.sql('select distinct ad_id from shop_history.ad_words_v1')).toHaveLength(10);
});
