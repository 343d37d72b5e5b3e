import { systemClock } from '@larder/core';
import { expect } from 'vitest';
import { test, unique, type Shop } from '../../fixtures/shop.ts';
import { cancelRun, retryFailed } from '../runs/index.ts';
import { pushRows } from './push-rows.ts';

const PATIENCE = { timeout: 150_000, interval: 20 };

function push(shop: Shop, rows: readonly Record<string, unknown>[], idempotencyKey?: string) {
  const { store: offlineStore, onlineStore, logger, project } = shop;
  return pushRows(
    { offlineStore, onlineStore, logger, clock: systemClock },
    { manifest: project.manifest, view: 'notes', rows, idempotencyKey },
  );
}

const note = (adId: string, body: string | null) => ({
  ad_id: adId,
  event_timestamp: new Date().toISOString(),
  body,
});
const words = async (shop: Shop, key: string) =>
  (await shop.online('notes@1', key))?.values['word_count'] ?? null;

test('whoever dies after the push, its rows are computed', async ({ shop }) => {
  const pushed = await push(shop, [note('j', 'one two three four')]);
  expect(await shop.sql(`select state from larder.chunks where run_id = '${pushed.runId}'`)).toEqual([
    { state: 'pending' },
  ]);
  const first = shop.materializer();
  await first.stop({ deadlineMs: 0 });
  shop.materializer();
  expect(await shop.ended(pushed.runId)).toMatchObject({ status: 'succeeded' });
  expect(await words(shop, 'j')).toBe(4);
});

test('pushed rows are computed as they arrive, and a poison row fails alone', async ({ shop }) => {
  shop.materializer();
  const pushed = await push(shop, [note('a', 'one two three'), note('b', 'poison'), note('c', 'one')]);
  expect(pushed).toMatchObject({ accepted: 3, rejected: [], online: false });
  expect(await shop.ended(pushed.runId)).toMatchObject({
    status: 'partial',
    trigger: 'push',
    rows: { total: 3, done: 2, failed: 1 },
  });
  expect([await words(shop, 'a'), await words(shop, 'b'), await words(shop, 'c')]).toEqual([3, null, 1]);
});

test('rows that do not fit the columns are rejected, and listed with the run', async ({ shop }) => {
  shop.materializer();
  const pushed = await push(shop, [
    note('d', 'fits'),
    { ...note('e', 'x'), word_count: 7 },
    { ad_id: 'f', event_timestamp: new Date().toISOString() },
  ]);
  expect(pushed.accepted).toBe(1);
  expect(pushed.rejected.map(({ index, errors }) => [index, errors[0]?.pointer])).toEqual([
    [1, '/rows/1/word_count'],
    [2, '/rows/2/body'],
  ]);
  expect(await shop.ended(pushed.runId)).toMatchObject({ rows: { total: 3, done: 1, failed: 2 } });
});

test('the same key gives the same run and computes once; the last of two rows of a key wins', async ({
  shop,
}) => {
  const key = unique();
  const rows = [
    note('g', 'one'),
    { ...note('g', 'one two'), event_timestamp: new Date(Date.now() + 1_000).toISOString() },
  ];
  const first = await push(shop, rows, key);
  const again = await push(shop, rows, key);
  expect(again).toMatchObject({ runId: first.runId, accepted: 2, online: false });
  shop.materializer();
  await shop.ended(first.runId);
  expect(await words(shop, 'g')).toBe(2);
  expect(await push(shop, rows, key)).toMatchObject({ runId: first.runId, online: true });
});

test('waits for no backfill, and its rows are gone when it succeeded', async ({ shop }) => {
  await shop.seedAds(1_000, () => 'block:200 word');
  const backfill = await shop.backfill('ad_words@1', { priority: 100 });
  shop.materializer();
  await shop.until(backfill, (run) => run.rows.done + run.rows.failed > 0);
  const pushed = await push(shop, [note('h', 'one two')]);
  await shop.ended(pushed.runId);
  expect(await words(shop, 'h')).toBe(2);
  expect((await shop.until(backfill, () => true)).finishedAt).toBeNull();
  await expect
    .poll(() => shop.sql(`select 1 from larder.staged_rows where run_id = '${pushed.runId}'`), PATIENCE)
    .toEqual([]);
  await cancelRun(shop.store, 'shop', backfill);
});

test('a failed row can be computed again while its run is on record', async ({ shop }) => {
  shop.materializer();
  const pushed = await push(shop, [note('i', 'poison')]);
  await shop.ended(pushed.runId);
  await shop.sql(
    `update larder.staged_rows set columns = columns || '{"body": "fixed now"}' where run_id = '${pushed.runId}'`,
  );
  await retryFailed(shop.store, 'shop', pushed.runId);
  await shop.until(pushed.runId, (run) => run.status === 'succeeded');
  expect(await words(shop, 'i')).toBe(2);
});

test('there is nothing that a backfill could read', async ({ shop }) => {
  await expect(shop.backfill('notes@1')).rejects.toMatchObject({ code: 'BACKFILL_NOT_SUPPORTED' });
});
