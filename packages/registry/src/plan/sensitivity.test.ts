import type { FieldManifest, Manifest } from '@larder/features';
import { expect } from 'vitest';
import { appliedManifest, applyManifest, planManifest, withLivePolicies } from '../index.ts';
import { adImage, brightness, embedding, manifest, moment, test, withView } from '../testing/registry.ts';

const actor = { actor: 'ada' };

/** The same definitions; the log keeps less of one field of each kind. */
function withSensitive(next: Manifest): Manifest {
  const omitted = (field: FieldManifest): FieldManifest => ({ ...field, sensitive: 'omitted' });
  const hashed = (field: FieldManifest): FieldManifest => ({ ...field, sensitive: 'hashed' });
  const changed = withView(next, { ...adImage, schema: [embedding, omitted(brightness)] });
  const { ad } = next.entities;
  if (ad === undefined) throw new Error('The fixture has no entity ad.');
  return {
    ...changed,
    entities: {
      ...next.entities,
      ad: { ...ad, join_keys: ad.join_keys.map(hashed) },
    },
    on_demand_feature_views: {
      ...next.on_demand_feature_views,
      moment: { ...moment, request: moment.request.map(omitted) },
    },
  };
}

test('what the log keeps is a policy: it changes in place, without a new version of a view or model', async ({
  store,
}) => {
  const plain = manifest('private');
  const next = withSensitive(plain);
  await applyManifest(store, plain, actor);
  const plan = await planManifest(store, next);
  expect(plan.refusals).toEqual([]);
  expect(plan.changes.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^change what the log keeps of join key ad_id of entity ad: its value → a hash; /),
    expect.stringMatching(
      /^change what the log keeps of feature brightness of view ad_image@1: its value → nothing; /,
    ),
    expect.stringMatching(
      /^change what the log keeps of request field \w+ of on-demand view moment: its value → nothing; /,
    ),
  ]);
  await applyManifest(store, next, actor);
  expect((await appliedManifest(store, 'private'))?.manifest).toEqual(next);
  expect((await planManifest(store, next)).changes).toEqual([]);
});

test('a version that is served logs by the policy that is applied now, in both directions', () => {
  const plain = manifest('live');
  const next = withSensitive(plain);
  expect(withLivePolicies(plain, next)).toEqual(next);
  expect(withLivePolicies(next, plain)).toEqual(plain);
});
