import { expect, test } from 'vitest';
import { findFeatureView } from './find-feature-view.ts';
import type { Manifest } from './manifest.ts';

const manifest = {
  feature_views: {
    'colour@2': { name: 'colour', version: 2 },
    'clicks@1': { name: 'clicks', version: 1 },
  },
} as unknown as Manifest;

test('a version that is not applied is told from a view that is not applied', () => {
  expect(findFeatureView(manifest, 'colour')).toMatchObject({ version: 2 });
  expect(() => findFeatureView(manifest, 'colour@1')).toThrow(
    'This version of feature view colour is not applied. Applied are: colour@2.',
  );
  expect(() => findFeatureView(manifest, 'color@1')).toThrow(
    'No feature view of this name is applied. Applied are: colour@2, clicks@1.',
  );
});
