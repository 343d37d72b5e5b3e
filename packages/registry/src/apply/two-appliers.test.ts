import { expect } from 'vitest';
import { applyManifest, planManifest } from '../index.ts';
import { adImage, adText, manifest, test, withView } from '../testing/registry.ts';

test('of two who apply on the same plan one wins, and the other is told', async ({ store }) => {
  const first = manifest('raced');
  await applyManifest(store, first, { actor: 'ada' });
  const { appliedId: plannedOn } = await planManifest(store, first);
  const configs = [
    withView(first, { ...adImage, owner: 'ada' }),
    withView(first, { ...adText, version: 2 }),
  ] as const;
  const results = await Promise.allSettled(
    configs.map((config, i) => applyManifest(store, config, { actor: `applier ${i}`, plannedOn })),
  );
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const lost = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  expect(lost.reason).toMatchObject({ code: 'APPLY_CONFLICT' });
  expect(String(lost.reason)).toMatch(new RegExp(`applier ${winner} applied manifest \\d+ meanwhile`));
});

test('two who apply the same are both content', async ({ store }) => {
  const first = manifest('agreed');
  const { appliedId: plannedOn } = await planManifest(store, first);
  const results = await Promise.all(
    [1, 2].map((i) => applyManifest(store, first, { actor: `applier ${i}`, plannedOn })),
  );
  expect(new Set(results.map(({ manifestId }) => manifestId)).size).toBe(1);
});

test('also a first apply that another overtook is told', async ({ store }) => {
  const first = manifest('overtaken');
  await applyManifest(store, first, { actor: 'ada', plannedOn: null });
  const other = withView(first, { ...adImage, owner: 'bob' });
  await expect(applyManifest(store, other, { actor: 'bob', plannedOn: null })).rejects.toMatchObject({
    code: 'APPLY_CONFLICT',
  });
});
