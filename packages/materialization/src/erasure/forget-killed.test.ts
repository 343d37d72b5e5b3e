import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { CONFIG_PATH, test } from '../../fixtures/shop.ts';
import { fill, forget, places, work } from '../testing/forgetting.ts';

/** A store whose process dies at its nth transaction. */
function dying(store: OfflineStore, transactions: number): OfflineStore {
  let left = transactions;
  return {
    ...store,
    transaction: (run) => {
      if (left-- === 0) throw new Error('the process is dead');
      if (left < 0) throw new Error('the process is still dead');
      return store.transaction(run);
    },
  };
}

test(
  'a process that dies between any two steps leaves a receipt that a worker completes',
  {
    timeout: 300_000,
  },
  async ({ shop }) => {
    await shop.seedAds(3, () => 'one');
    work(shop);
    for (let transactions = 0, done = false; !done; transactions++) {
      const key = `ad-dies-${transactions}`;
      await fill(shop, key);
      const receipt = await forget(shop, key, { offlineStore: dying(shop.store, transactions + 1) });
      done = receipt.status === 'complete';
      expect(transactions).toBeLessThan(30);
      if (!done) {
        await shop.sql(
          `update larder.erasures set lease_expires_at = now() - interval '1 second' where status = 'running'`,
        );
        await expect
          .poll(
            () => shop.sql(`select status from larder.erasures where receipt_id = '${receipt.receiptId}'`),
            { timeout: 60_000 },
          )
          .toEqual([{ status: 'complete' }]);
      }
      const [row] = await shop.sql(
        `select removed from larder.erasures where receipt_id = '${receipt.receiptId}'`,
      );
      expect(row).toMatchObject({
        removed: { predictions: 1, labels: 2, row_failures: 1, 'history:shop_history.ad_words_v1': 1 },
      });
      expect(await places(shop, key)).toEqual([]);
    }
  },
);

test('killed anywhere and run again, it is complete, and its receipts count everything once', async ({
  shop,
}) => {
  await shop.seedAds(3, () => 'one');
  work(shop);
  await shop.ended(await shop.backfill('ad_words'));
  for (let round = 0; round < 2; round++) {
    const key = `ad-killed-${round}`;
    await fill(shop, key);
    const args = [CONFIG_PATH, shop.databaseUrl, shop.redisUrl, key];
    const child = fork(new URL('../../fixtures/forgetting-process.ts', import.meta.url), args);
    const ended = once(child, 'exit');
    await once(child, 'message');
    child.send('go');
    const kill = setTimeout(() => child.kill('SIGKILL'), Math.random() * 150);
    await ended;
    clearTimeout(kill);
    const receipt = await forget(shop, key);
    expect(receipt).toMatchObject({ status: 'complete', error: null });
    expect(await places(shop, key)).toEqual([]);
    const receipts = await shop.sql<{ status: string; removed: Record<string, number> }>(
      `select status, removed from larder.erasures where key_hash = decode('${receipt.keyHash}', 'hex')`,
    );
    const total = (place: string): number =>
      receipts.reduce((sum, { removed }) => sum + (removed[place] ?? 0), 0);
    expect(receipts.every(({ status }) => status === 'complete')).toBe(true);
    expect([total('history:shop_history.ad_words_v1'), total('predictions'), total('labels')]).toEqual([
      1, 1, 2,
    ]);
  }
});
