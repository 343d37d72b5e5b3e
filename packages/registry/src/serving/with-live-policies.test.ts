import { expect, test } from 'vitest';
import { withLivePolicies } from './with-live-policies.ts';
import { adCtr, adImage, manifest, withModel, withView, without } from '../testing/registry.ts';

const content = manifest('shop');

test('policies are those that are applied now, the meaning is that of the version', () => {
  const applied = withModel(
    withView(content, { ...adImage, ttl_ms: 'forever', owner: 'ada', tags: { team: 'ads' }, schema: [] }),
    { ...adCtr, deadline_ms: 20, when_store_unavailable: 'fail', missing: 0, inputs: [], outputs: [] },
  );
  expect(withLivePolicies(content, applied)).toEqual(
    withModel(withView(content, { ...adImage, ttl_ms: 'forever', owner: 'ada', tags: { team: 'ads' } }), {
      ...adCtr,
      deadline_ms: 20,
      when_store_unavailable: 'fail',
    }),
  );
});

test('what is no longer applied keeps the policies that it had', () => {
  const feature_views = without(content.feature_views, 'ad_image@1');
  expect(withLivePolicies(content, { ...content, feature_views, models: {} })).toEqual(content);
});
