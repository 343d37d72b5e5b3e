import type { FeatureViewManifest, Manifest } from '@larder/features';
import { expect } from 'vitest';
import { applyManifest } from '../index.ts';
import { adImage, hash, manifest, test } from '../testing/registry.ts';

const actor = { actor: 'ada' };

function chained(name: string, parent: string): FeatureViewManifest {
  return {
    ...adImage,
    name,
    version: 1,
    compute: null,
    fingerprint: hash(name),
    schema: adImage.schema.slice(0, 1),
    source: {
      kind: 'views',
      views: [{ view: parent, version: 1, features: [adImage.schema[0]?.name] }],
      require: 'all',
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: 'created_timestamp',
    },
  };
}

function withViews(project: string, ...views: readonly FeatureViewManifest[]): Manifest {
  const base = manifest(project);
  const added = Object.fromEntries(views.map((view) => [`${view.name}@${view.version}`, view]));
  return { ...base, feature_views: { ...base.feature_views, ...added } };
}

test('a view that is computed from another one follows the feed from its apply on', async ({ store }) => {
  const config = withViews('chains_1', chained('child', 'ad_image'), chained('grandchild', 'child'));
  await applyManifest(store, config, actor);
  const chains = () =>
    store.db
      .selectFrom('larder.chains')
      .select(['view', 'fingerprint'])
      .where('project', '=', 'chains_1')
      .execute();
  expect(await chains()).toEqual([
    { view: 'child', fingerprint: hash('child') },
    { view: 'grandchild', fingerprint: hash('grandchild') },
  ]);
  await applyManifest(store, withViews('chains_1', chained('child', 'ad_image')), { ...actor, prune: true });
  expect((await chains()).map(({ view }) => view)).toEqual(['child']);
});

test('a cycle, and a view that there is not, are refused', async ({ store }) => {
  const cyclic = withViews('chains_2', chained('one', 'two'), chained('two', 'one'));
  await expect(applyManifest(store, cyclic, actor)).rejects.toMatchObject({
    code: 'DEFINITION_INVALID',
    message: expect.stringContaining('one@1 → two@1 → one@1'),
  });
  await expect(
    applyManifest(store, withViews('chains_2', chained('one', 'nobody')), actor),
  ).rejects.toMatchObject({
    code: 'DEFINITION_INVALID',
  });
});
