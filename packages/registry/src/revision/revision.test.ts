import type { OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { applyManifest, bumpRevisionIn, readRevision } from '../index.ts';
import { manifest, test } from '../testing/registry.ts';

test('an apply and a bump each give another revision', async ({ store }) => {
  expect(await readRevision(store, 'revised')).toEqual({ manifestId: null, revision: 0 });
  const { manifestId } = await applyManifest(store, manifest('revised'), { actor: 'ada' });
  const applied = await readRevision(store, 'revised');
  expect(applied).toEqual({ manifestId, revision: expect.any(Number) });
  const revision = await store.transaction((tx) => bumpRevisionIn(tx, 'revised'));
  expect(await readRevision(store, 'revised')).toEqual({ manifestId, revision });
  expect(revision).toBeGreaterThan(applied.revision);
  expect((await readRevision(store, 'other')).revision).toBe(0);
});

test('an apply without changes gives no other revision, and waits for a transaction that changes the registry', async ({
  store,
}) => {
  await applyManifest(store, manifest('unchanged'), { actor: 'ada' });
  const applied = await readRevision(store, 'unchanged');
  await applyManifest(store, manifest('unchanged'), { actor: 'bob' });
  expect(await readRevision(store, 'unchanged')).toEqual(applied);

  const order: string[] = [];
  const bumped = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const moving = store.transaction(async (tx) => {
    await bumpRevisionIn(tx, 'unchanged');
    bumped.resolve();
    await release.promise;
    order.push('move');
  });
  await bumped.promise;
  const applying = applyManifest(store, manifest('unchanged'), { actor: 'ada' }).then(() =>
    order.push('apply'),
  );
  await waitForLock(store);
  release.resolve();
  await Promise.all([moving, applying]);
  expect(order).toEqual(['move', 'apply']);
});

/** Until a transaction waits for another one. */
async function waitForLock(store: OfflineStore): Promise<void> {
  await expect
    .poll(async () => {
      const { rows } = await store.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length;
    })
    .toBeGreaterThan(0);
}

test('transactions that change the registry run one after another', async ({ store }) => {
  const order: string[] = [];
  const bumped = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const first = store.transaction(async (tx) => {
    await bumpRevisionIn(tx, 'serial');
    bumped.resolve();
    await release.promise;
    order.push('first');
  });
  await bumped.promise;
  const second = store.transaction(async (tx) => {
    await bumpRevisionIn(tx, 'serial');
    order.push('second');
  });
  // Another project does not wait.
  await store.transaction((tx) => bumpRevisionIn(tx, 'elsewhere'));
  expect(order).toEqual([]);
  release.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
});
