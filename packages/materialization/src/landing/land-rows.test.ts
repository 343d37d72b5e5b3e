import type { HistoryRow } from '@larder/offline-store';
import {
  claimChunk,
  claimRunToPlan,
  dispatchChunks,
  expireLeases,
  lockChunk,
  savePlan,
  type ChunkAttempt,
} from '../runs/index.ts';
import { limitSilence } from '@larder/offline-store';
import { describe, expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { createBackfill } from '../runs/index.ts';
import { landRows } from './land-rows.ts';

const PROJECT = 'shop';

async function nextAttempt(shop: Shop): Promise<ChunkAttempt> {
  const { name: view, version, fingerprint } = shop.view('ad_words@1');
  const views = [{ view, version, fingerprint }];
  const [attempt] = await dispatchChunks(shop.store, {
    project: PROJECT,
    views,
    dispatcher: 'test',
    slots: 1,
  });
  if (!attempt) throw new Error('Nothing was dispatched.');
  await claimChunk(shop.store, attempt, { worker: 'test', leaseMs: 0 });
  return attempt;
}

describe('landRows', () => {
  test('writes nothing for an attempt that was replaced by another one', async ({ shop }) => {
    const { name: view, version, fingerprint } = shop.view('ad_words@1');
    const runId = await shop.backfill(view);
    const run = await claimRunToPlan(shop.store, {
      project: PROJECT,
      views: [{ view, version, fingerprint }],
      leaseMs: 10_000,
    });
    if (!run) throw new Error('Nothing to plan.');
    await savePlan(shop.store, run, [{ bounds: {}, rows: 1 }]);

    const land = (attempt: ChunkAttempt, wordCount: number) => {
      const row: HistoryRow = {
        keys: { ad_id: 'a' },
        eventTimestampMs: Date.parse('2026-03-01'),
        createdTimestampMs: Date.parse('2026-03-01'),
        revision: 1,
        chunkId: attempt.chunkId,
        inputHash: 1n,
        values: { word_count: wordCount, spelling: null },
      };
      return landRows(shop.store, {
        ...attempt,
        runId,
        project: shop.project.manifest,
        view: shop.view('ad_words@1'),
        rows: [row],
        failures: [],
        counts: { done: 1, failed: 0, skipped: 0, duplicate: 0 },
        leaseMs: 10_000,
      });
    };

    const late = await nextAttempt(shop);
    await expireLeases(shop.store, { project: PROJECT, backoffMs: 0 });
    expect(await land(late, 1)).toBeNull();
    const current = await nextAttempt(shop);
    expect(current).toEqual({ chunkId: late.chunkId, attempt: late.attempt + 1 });
    const outcomes = await Promise.all([land(late, 1), land(current, 2), land(late, 1), land(current, 3)]);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await land(late, 1)).toBeNull();
    const history = await shop.sql<{ word_count: number }>('select word_count from shop_history.ad_words_v1');
    expect(history).toHaveLength(1);
    expect([2, 3]).toContain(history[0]?.word_count);
  });

  test('does not keep a chunk locked for a process that was frozen in the middle of landing', async ({
    shop,
  }) => {
    const { name: view, version, fingerprint } = shop.view('ad_words@1');
    await createBackfill(shop.store, { manifest: shop.project.manifest, view, scope: { all: true } });
    const run = await claimRunToPlan(shop.store, {
      project: PROJECT,
      views: [{ view, version, fingerprint }],
      leaseMs: 10_000,
    });
    if (!run) throw new Error('Nothing to plan.');
    await savePlan(shop.store, run, [{ bounds: {}, rows: 1 }]);
    const attempt = await nextAttempt(shop);
    const woken = Promise.withResolvers<void>();
    const frozen = shop.store.transaction(async (tx) => {
      await limitSilence(tx, 100);
      expect(await lockChunk(tx, attempt)).toBe(true);
      await woken.promise;
      await tx.db.selectFrom('larder.chunks').select('state').execute();
    });
    // Handled at once: an unhandled rejection would end the process.
    const outcome = frozen.then(
      () => 'committed',
      () => 'ended',
    );
    await expect
      .poll(() => expireLeases(shop.store, { project: PROJECT, backoffMs: 0 }), {
        timeout: 60_000,
        interval: 20,
      })
      .toMatchObject([{ chunkId: attempt.chunkId, state: 'pending' }]);
    woken.resolve();
    expect(await outcome).toBe('ended');
  });
});
