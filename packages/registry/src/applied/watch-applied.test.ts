import { expect } from 'vitest';
import { applyManifest, watchApplied } from '../index.ts';
import { adImage, manifest, silent, test, withView } from '../testing/registry.ts';

test('a process hears of every newer manifest, also after an error', async ({ store }) => {
  const first = manifest('watched');
  const { manifestId } = await applyManifest(store, first, { actor: 'ada' });
  const seen: number[] = [];
  let broken = true;
  const watch = watchApplied({
    store,
    project: 'watched',
    logger: silent,
    knownId: manifestId,
    intervalMs: 10,
    onChange(applied) {
      if (broken) {
        broken = false;
        throw new Error('not yet');
      }
      seen.push(applied.id);
    },
  });
  const second = await applyManifest(store, withView(first, { ...adImage, ttl_ms: 1_000 }), { actor: 'ada' });
  await expect.poll(() => seen).toEqual([second.manifestId]);
  await watch.close();
  await applyManifest(store, first, { actor: 'ada' });
  expect(seen).toEqual([second.manifestId]);
});
