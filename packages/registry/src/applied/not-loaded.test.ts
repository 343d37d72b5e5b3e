import { expect, test } from 'vitest';
import { notLoaded } from './not-loaded.ts';
import { adCtr, adImage, hash, manifest, withModel, withView, without } from '../testing/registry.ts';

const applied = manifest('shop');

test('data may differ, definitions may not', () => {
  expect(notLoaded(applied, applied)).toEqual([]);
  const data = withModel(withView(applied, { ...adImage, ttl_ms: 1, owner: 'x' }), {
    ...adCtr,
    artifact: { path: 'x', sha256: hash('x') },
    deadline_ms: 1,
  });
  expect(notLoaded(applied, data)).toEqual([]);
});

test('what the code lacks or has otherwise is named', () => {
  const loaded = withModel(
    withView(
      { ...applied, on_demand_feature_views: without(applied.on_demand_feature_views, 'offer') },
      { ...adImage, fingerprint: hash('x') },
    ),
    { ...adCtr, inputs: adCtr.inputs.toReversed() },
  );
  expect(notLoaded(applied, loaded)).toEqual([
    { subject: 'view ad_image@1', reason: 'different', detail: expect.any(String) },
    { subject: 'on-demand view offer', reason: 'missing', detail: expect.any(String) },
    { subject: 'model ad_ctr', reason: 'different', detail: expect.any(String) },
  ]);
});

test('code that is loaded but not applied is not a mismatch', () => {
  expect(notLoaded({ ...applied, models: {} }, applied)).toEqual([]);
});
