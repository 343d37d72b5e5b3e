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

test('a manifest from before the horizon was declared gets a horizon of ten years', () => {
  const { event_horizon_ms: _, ...before } = EMPTY;
  expect(parseManifest(before)).toEqual({ ...EMPTY, event_horizon_ms: 3_653 * 86_400_000 });
});

test('a manifest is returned unchanged', () => {
  expect(parseManifest(EMPTY)).toEqual(EMPTY);
});

test('a source of an unknown kind is returned unchanged', () => {
  const view = {
    name: 'ad_clicks',
    version: 1,
    entity: 'ad',
    ttl_ms: 'forever' as const,
    schedule: null,
    available_after_ms: 0,
    chunk_rows: 500,
    source: {
      kind: 'stream',
      topic: 'clicks',
      offsets: { from: 'oldest' },
      event_timestamp_column: 'at',
      created_timestamp_column: null,
    },
    schema: [],
    compute: null,
    owner: null,
    tags: {},
    fingerprint: 'f'.repeat(64),
    schema_fingerprint: 1,
  };
  const manifest = { ...EMPTY, feature_views: { 'ad_clicks@1': view } };
  expect(parseManifest(manifest)).toEqual(manifest);
  const without = { ...view, source: { kind: 'Stream' } };
  expect(() => parseManifest({ ...EMPTY, feature_views: { 'ad_clicks@1': without } })).toThrow(
    expect.objectContaining({
      errors: ['kind', 'event_timestamp_column', 'created_timestamp_column'].map((member) =>
        expect.objectContaining({ pointer: `/feature_views/ad_clicks@1/source/${member}` }),
      ) as unknown,
    }) as Error,
  );
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
