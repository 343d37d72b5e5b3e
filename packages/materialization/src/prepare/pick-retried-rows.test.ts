import { savePlan, claimRunToPlan } from '../runs/index.ts';
import { expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { pickRetriedRows } from './pick-retried-rows.ts';
import type { PreparedRow, PreparedRows } from './prepare-rows.ts';

const MARCH_MS = Date.parse('2026-03-01');
const APRIL_MS = Date.parse('2026-04-01');

/** A chunk whose rows failed, as landing recorded them: key and event timestamp. */
async function failedChunk(
  shop: Shop,
  failed: readonly (readonly [key: string | null, eventMs: number | null])[],
): Promise<number> {
  const { name: view, version, fingerprint } = shop.view('ad_words@1');
  const runId = await shop.backfill(view);
  const views = [{ view, version, fingerprint }];
  const run = await claimRunToPlan(shop.store, { project: 'shop', views, leaseMs: 10_000 });
  if (!run) throw new Error('Nothing to plan.');
  await savePlan(shop.store, run, [{ bounds: {}, rows: failed.length }]);
  const [chunk] = await shop.sql<{ chunk_id: number }>(
    `select chunk_id from larder.chunks where run_id = '${runId}'`,
  );
  const chunkId = Number(chunk?.chunk_id);
  for (const [key, eventMs] of failed)
    await shop.store.pool.query(
      `insert into larder.row_failures (run_id, chunk_id, entity_key, event_timestamp, code, reason, retryable)
       values ($1, $2, $3, $4, 'X', 'why', false)`,
      [runId, chunkId, key, eventMs === null ? null : new Date(eventMs)],
    );
  return chunkId;
}

const row = (entityKey: string, eventTimestampMs: number) => ({ entityKey, eventTimestampMs }) as PreparedRow;

const failure = (entityKey: string | null, eventTimestampMs: number | null) => ({
  entityKey,
  eventTimestampMs,
  keys: null,
  code: 'X',
  reason: 'why',
  retryable: false,
});

async function picked(shop: Shop, chunkId: number, prepared: Partial<PreparedRows>) {
  const { rows, failures, duplicates } = await pickRetriedRows(shop.store, chunkId, {
    rows: [],
    failures: [],
    duplicates: 0,
    ...prepared,
  });
  const name = (one: { readonly entityKey: string | null; readonly eventTimestampMs: number | null }) =>
    `${one.entityKey}@${one.eventTimestampMs}`;
  return { rows: rows.map(name), failures: failures.map(name), duplicates };
}

test('of the rows of a key only the failed ones are retried, the others have landed', async ({ shop }) => {
  const chunkId = await failedChunk(shop, [
    ['a', MARCH_MS],
    ['b', APRIL_MS],
  ]);
  const rows = [row('a', MARCH_MS), row('a', APRIL_MS), row('b', APRIL_MS), row('c', MARCH_MS)];
  const failures = [failure('a', MARCH_MS), failure('a', APRIL_MS), failure('a', null), failure(null, null)];
  expect(await picked(shop, chunkId, { rows, failures, duplicates: 3 })).toEqual({
    rows: [`a@${MARCH_MS}`, `b@${APRIL_MS}`],
    failures: [`a@${MARCH_MS}`],
    duplicates: 3,
  });
});

test('a row that had no event timestamp may now have any', async ({ shop }) => {
  const chunkId = await failedChunk(shop, [
    ['a', null],
    [null, null],
  ]);
  const rows = [row('a', MARCH_MS), row('a', APRIL_MS), row('b', MARCH_MS)];
  expect(await picked(shop, chunkId, { rows, failures: [failure('a', null), failure(null, null)] })).toEqual({
    rows: [`a@${MARCH_MS}`, `a@${APRIL_MS}`],
    failures: ['a@null'],
    duplicates: 0,
  });
});

test('a row whose event timestamp has changed is found by its key', async ({ shop }) => {
  const chunkId = await failedChunk(shop, [
    ['a', MARCH_MS],
    ['b', MARCH_MS],
  ]);
  const rows = [row('a', APRIL_MS), row('b', MARCH_MS), row('b', APRIL_MS), row('c', APRIL_MS)];
  expect(await picked(shop, chunkId, { rows })).toMatchObject({
    rows: [`a@${APRIL_MS}`, `b@${MARCH_MS}`],
  });
  expect(await picked(shop, chunkId, { failures: [failure('a', APRIL_MS)] })).toMatchObject({
    failures: [`a@${APRIL_MS}`],
  });
});

test('a failure of another chunk is not retried here', async ({ shop }) => {
  await failedChunk(shop, [['a', MARCH_MS]]);
  const chunkId = await failedChunk(shop, [['b', MARCH_MS]]);
  expect(await picked(shop, chunkId, { rows: [row('a', MARCH_MS), row('b', MARCH_MS)] })).toMatchObject({
    rows: [`b@${MARCH_MS}`],
  });
});

test("an entity called 'null' is not mistaken for rows without a key", async ({ shop }) => {
  const chunkId = await failedChunk(shop, [['null', MARCH_MS]]);
  const failures = [failure(null, MARCH_MS), failure('null', MARCH_MS)];
  expect(await picked(shop, chunkId, { failures })).toMatchObject({ failures: [`null@${MARCH_MS}`] });
});
