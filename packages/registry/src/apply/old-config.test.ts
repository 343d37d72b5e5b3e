import type { Manifest } from '@larder/features';
import { expect } from 'vitest';
import { appliedManifest, applyManifest, planManifest } from '../index.ts';
import {
  adCtr,
  adImage,
  adText,
  hash,
  manifest,
  test,
  withModel,
  withView,
  without,
} from '../testing/registry.ts';

const grace = { actor: 'grace', refuseDestructive: true };

function retrained(config: Manifest, seed: string): Manifest {
  return withModel(config, { ...adCtr, artifact: { path: 'models/ad_ctr', sha256: hash(seed) } });
}

test('a configuration that equals an earlier manifest is refused, with who applied the newer one and when', async ({
  store,
}) => {
  const old = manifest('equal');
  const young = retrained(old, 'two');
  await applyManifest(store, old, { actor: 'ada' });
  await applyManifest(store, young, grace);
  const plan = await planManifest(store, old);
  expect(plan.older.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^it equals manifest \d+, which ada applied on 20\d\d-\d\d-\d\d \d\d:\d\d UTC$/),
  ]);
  const refused = applyManifest(store, old, { actor: 'linus', refuseDestructive: true });
  await expect(refused).rejects.toMatchObject({ code: 'CONFIG_OUTDATED' });
  await expect(refused).rejects.toThrow(/older than manifest \d+, which grace applied on 20.*--yes/s);
  expect((await appliedManifest(store, 'equal'))?.manifest).toEqual(young);
  await applyManifest(store, old, { actor: 'linus' });
  expect((await appliedManifest(store, 'equal'))?.manifest).toEqual(old);
});

test('policies may go back to what they were', async ({ store }) => {
  const first = manifest('policies');
  const publication = { bundles: {}, code: {}, artifacts: [], training: new Map(), measured: new Map() };
  await applyManifest(store, first, { ...grace, publication });
  const second = withModel(withView(first, { ...adImage, ttl_ms: 1_000, tags: { team: 'ads' } }), {
    ...adCtr,
    deadline_ms: 50,
    coverage: 0.5,
    label: { name: 'clicked', horizon_ms: 1, on_silence: 'negative', attribution: 'prediction_id' },
  });
  await applyManifest(store, second, grace);
  await applyManifest(store, first, grace);
  expect((await appliedManifest(store, 'policies'))?.manifest).toEqual(first);
  // not together with anything else
  await applyManifest(store, { ...retrained(second, 'two'), allowed_hosts: [] }, grace);
  await expect(applyManifest(store, second, grace)).rejects.toMatchObject({ code: 'CONFIG_OUTDATED' });
});

test('missing definitions and older view versions are signs of an old configuration', async ({ store }) => {
  const old = manifest('missing');
  const young = withModel(
    withView(withView(old, { ...adText, version: 2 }), { ...adText, name: 'ad_words' }),
    { ...adCtr, name: 'other' },
  );
  await applyManifest(store, young, grace);
  const config = {
    ...old,
    on_demand_feature_views: without(old.on_demand_feature_views, 'offer'),
    models: {},
  };
  const { older } = await planManifest(store, config);
  expect(older.map(({ text }) => text)).toEqual([
    'view ad_text@2 is applied; the configuration has ad_text@1',
    'view ad_words@1 is applied, but not in the configuration',
    'on-demand view offer is applied, but not in the configuration',
    'model ad_ctr is applied, but not in the configuration',
    'model other is applied, but not in the configuration',
  ]);
});

test('a model that would become an older version again is one', async ({ store }) => {
  const first = manifest('again');
  const publication = { bundles: {}, code: {}, artifacts: [], training: new Map(), measured: new Map() };
  for (const seed of ['one', 'two', 'three'])
    await applyManifest(store, retrained(first, seed), { ...grace, publication });
  const config = withView(retrained(first, 'two'), { ...adImage, owner: 'somebody' });
  await expect(applyManifest(store, config, grace)).rejects.toThrow(
    'model ad_ctr would get version 4 with the content of version 2; to serve that one again: larder promote ad_ctr@2',
  );
});

test('new definitions, also on top of what was kept, are none', async ({ store }) => {
  const first = manifest('forward');
  await applyManifest(store, first, grace);
  const second = withView(retrained(first, 'two'), { ...adText, version: 2 });
  await applyManifest(store, second, grace);
  await applyManifest(store, withView(second, { ...adText, name: 'ad_words' }), grace);
});
