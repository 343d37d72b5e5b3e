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

test('the label of a model is a policy: another one, or none, is in force for its earlier versions', () => {
  const label = (days: number) => ({
    name: 'clicked',
    horizon_ms: days * 86_400_000,
    on_silence: 'negative' as const,
    attribution: 'prediction_id' as const,
  });
  const [week, day, none] = [
    withModel(content, { ...adCtr, label: label(7) }),
    withModel(content, { ...adCtr, label: label(1) }),
    content,
  ];
  expect(withLivePolicies(week, day)).toEqual(day);
  expect(withLivePolicies(week, none)).toEqual(none);
  expect(withLivePolicies(none, week)).toEqual(week);
});
