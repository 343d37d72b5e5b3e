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
