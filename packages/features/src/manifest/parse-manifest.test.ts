import { expect, test } from 'vitest';
import type { Manifest } from './manifest.ts';
import { parseManifest } from './parse-manifest.ts';

const EMPTY: Manifest = {
  format: 1,
  project: 'ads',
  connections: [],
  allowed_hosts: [],
  event_horizon_ms: 86_400_000,
  entities: { ad: { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] } },
  feature_views: {},
  on_demand_feature_views: {},
  models: {},
};

test('a manifest from before the horizon was declared has that of ten years', () => {
  const { event_horizon_ms: _, ...before } = EMPTY;
  expect(parseManifest(before)).toEqual({ ...EMPTY, event_horizon_ms: 3_653 * 86_400_000 });
});

test('a manifest is taken as it is', () => {
  expect(parseManifest(EMPTY)).toEqual(EMPTY);
});

test.each([
  ['another format', { ...EMPTY, format: 2 }, '/format'],
  ['an unknown member', { ...EMPTY, extra: 1 }, ''],
  ['no object', null, ''],
  ['a name that is none', { ...EMPTY, project: 'Ads' }, '/project'],
  [
    'a type that is none',
    { ...EMPTY, entities: { 'a/d': { name: 'ad', join_keys: [{ name: 'k', type: 'text' }] } } },
    '/entities/a~1d/join_keys/0/type',
  ],
])('%s is refused with a pointer', (_, json, pointer) => {
  expect(() => parseManifest(json)).toThrow(
    expect.objectContaining({
      code: 'MANIFEST_INVALID',
      errors: [expect.objectContaining({ pointer }) as unknown],
    }) as Error,
  );
});
