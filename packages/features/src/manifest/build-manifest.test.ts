import { expect, test } from 'vitest';
import { artifact } from '../artifact/artifact.ts';
import { buildManifest } from './build-manifest.ts';
import { collectDefinitions } from '../project/collect-definitions.ts';
import { computeWith, defineComputation } from '../computation/compute-with.ts';
import { entity } from '../definition/entity.ts';
import { featureView, type FeatureViewOptions } from '../definition/feature-view.ts';
import { f, type Fields, type JsonValue } from '../definition/field.ts';
import type { FeatureViewManifest } from './manifest.ts';
import type { PartialPush } from '../definition/partial-push.ts';
import { model } from '../definition/model.ts';
import { project } from '../definition/project.ts';
import { sqlSource } from '@larder/sources';

const ad = entity('ad', { ad_id: f.string() });
const source = sqlSource({ connection: 'ads', query: 'select 1' });
const schema = { brightness: f.float32() };
const encoder = { encoder: artifact('models/encoder') };

function compute(options: Readonly<Record<string, JsonValue>>) {
  const module = { default: defineComputation(() => []) };
  return {
    ...computeWith(import.meta.url, () => Promise.resolve(module), { options, artifacts: encoder }),
    codeUrl: 'file:///words.ts',
  };
}

function manifestOf(
  changes: Partial<FeatureViewOptions<{ ad_id: string }, Fields>>,
  { artifactSum = 'a1', codeSum = 'c1' } = {},
): FeatureViewManifest {
  const view = featureView('ad_image', {
    version: 1,
    entity: ad,
    ttl: '1d',
    source,
    schema,
    compute: compute({ size: 1 }),
    ...changes,
  });
  const hashes = {
    artifacts: new Map([['models/encoder', artifactSum]]),
    code: { computations: new Map([['ad_image@1', { identity: codeSum }]]), onDemand: new Map() },
  };
  const manifest = buildManifest(project('ads'), collectDefinitions({ view }), hashes).feature_views[
    'ad_image@1'
  ];
  if (manifest === undefined) throw new Error('The view is not in the manifest.');
  return manifest;
}

test('the fingerprint covers what is immutable per version', () => {
  const fingerprints = [
    manifestOf({}),
    manifestOf({ entity: entity('ad', { ad_id: f.int64() }) as unknown as typeof ad }),
    manifestOf({ schema: { brightness: f.float64() } }),
    manifestOf({ schema: { brightness: f.float32().default(1) } }),
    manifestOf({ schema: { ...schema, contrast: f.float32() } }),
    manifestOf({ source: sqlSource({ connection: 'ads', query: 'select 2' }) }),
    manifestOf({ compute: compute({ size: 2 }) }),
    manifestOf({}, { artifactSum: 'a2' }),
    manifestOf({}, { codeSum: 'c2' }),
  ].map((view) => view.fingerprint);
  expect(new Set(fingerprints).size).toBe(fingerprints.length);
});

test('the fingerprint leaves out what may change, and the order of options', () => {
  const { fingerprint } = manifestOf({ compute: compute({ size: 1, mode: 'fast' }) });
  const changed = manifestOf({
    ttl: 'forever',
    schedule: '0 4 * * *',
    owner: 'ml',
    tags: { tier: 'gold' },
    chunkRows: 7,
    availableAfter: '1h',
    compute: compute({ mode: 'fast', size: 1 }),
  });
  expect(changed.fingerprint).toBe(fingerprint);
});

test('the schema fingerprint covers the layout of a row: names, types and lengths in order', () => {
  const pair = { a: f.float32(), b: f.vector(2) };
  const sum = (fields: Fields) => manifestOf({ schema: fields }).schema_fingerprint;
  expect(sum(pair)).toBe(sum({ a: f.float32().default(1), b: f.vector(2) }));
  const others = [
    pair,
    { b: f.vector(2), a: f.float32() },
    { a: f.float64(), b: f.vector(2) },
    { a: f.float32(), b: f.vector(3) },
    { a: f.float32(), c: f.vector(2) },
  ];
  expect(new Set(others.map(sum)).size).toBe(others.length);
  for (const schemaSum of others.map(sum)) expect(schemaSum).toBe(schemaSum >>> 0);
});

test('two versions live side by side, and a model reads the one that it was given', () => {
  const [v1, v2] = [1, 2].map((version) =>
    featureView('v', { version, entity: ad, ttl: '1d', source, schema }),
  );
  if (v1 === undefined || v2 === undefined) throw new Error('Both were just made.');
  const options = { output: { ctr: f.float32() }, artifact: artifact('models/ctr') };
  const definitions = collectDefinitions({
    old: model('old', { features: [v1], ...options }),
    next: model('next', { features: [v2.pick('brightness')], ...options }),
  });
  const hashes = {
    artifacts: new Map([['models/ctr', 'a1']]),
    code: { computations: new Map(), onDemand: new Map() },
  };
  const manifest = buildManifest(project('p'), definitions, hashes);
  expect(Object.keys(manifest.feature_views)).toEqual(['v@1', 'v@2']);
  expect(manifest.models['old']?.inputs).toEqual([{ view: 'v', version: 1, features: ['brightness'] }]);
  expect(manifest.models['next']?.inputs).toEqual([{ view: 'v', version: 2, features: ['brightness'] }]);
});

test('a freshness objective and a late run are policies: the fingerprint stays', () => {
  const plain = manifestOf({ schedule: '0 4 * * *' });
  const declared = manifestOf({ freshness: '6h', schedule: { cron: '0 4 * * *', lateAfter: '2h' } });
  expect(plain).not.toHaveProperty('freshness_objective_ms');
  expect(plain.schedule).toBe('0 4 * * *');
  expect(declared).toEqual({
    ...plain,
    freshness_objective_ms: 6 * 3_600_000,
    schedule: { cron: '0 4 * * *', time_zone: 'UTC', missed: 'once', late_after_ms: 2 * 3_600_000 },
  });
});

test('connections are those declared, or those that sources name', () => {
  const definitions = collectDefinitions({
    view: featureView('v', { version: 1, entity: ad, ttl: '1d', source, schema }),
  });
  const hashes = {
    artifacts: new Map<string, string>(),
    code: { computations: new Map(), onDemand: new Map() },
  };
  expect(buildManifest(project('p'), definitions, hashes).connections).toEqual(['ads']);
  expect(buildManifest(project('p', { connections: ['b', 'ads'] }), definitions, hashes).connections).toEqual(
    ['ads', 'b'],
  );
});

test('a budget, a coverage and a label are in the manifest only when they are declared', () => {
  const view = featureView('ad_image', { version: 1, entity: ad, ttl: '1d', source, schema });
  const options = { features: [view], output: { ctr: f.float32() }, artifact: artifact('models/ad_ctr') };
  const hashes = {
    artifacts: new Map([['models/ad_ctr', 'a1']]),
    code: { computations: new Map(), onDemand: new Map() },
  };
  const { models } = buildManifest(
    project('ads'),
    collectDefinitions({
      free: model('free', options),
      frugal: model('frugal', { ...options, budget: { maxLatencyMs: 2.5 }, coverage: 0.5 }),
      labelled: model('labelled', {
        ...options,
        label: {
          name: 'clicked',
          horizon: '7d',
          onSilence: 'leave_out',
          attribution: { entity: ad, window: '1h' },
        },
      }),
      plain: model('plain', {
        ...options,
        label: { name: 'clicked', horizon: '1d', onSilence: 'negative' },
      }),
    }),
    hashes,
  );
  expect(Object.keys(models['free'] ?? {})).not.toContain('budget');
  expect(Object.keys(models['free'] ?? {})).not.toContain('coverage');
  expect(Object.keys(models['free'] ?? {})).not.toContain('label');
  expect(models['labelled']?.label).toEqual({
    name: 'clicked',
    horizon_ms: 7 * 86_400_000,
    on_silence: 'leave_out',
    attribution: { entity: 'ad', window_ms: 3_600_000 },
  });
  expect(models['plain']?.label?.attribution).toBe('prediction_id');
  expect(models['frugal']).toMatchObject({ budget: { max_latency_ms: 2.5 }, coverage: 0.5 });
});

test('what a pushed row may leave out is in the manifest by feature, where any may, and is a policy', () => {
  const plain = { compute: undefined as never, schema: { b: f.float32(), a: f.bool(), c: f.string() } };
  const of = (partialPush: PartialPush) => manifestOf({ ...plain, partialPush });
  const whole = manifestOf(plain);
  expect(JSON.stringify(of('refuse'))).toBe(JSON.stringify(whole));
  expect(JSON.stringify(of({ default: 'refuse', fields: { a: 'refuse' } }))).toBe(JSON.stringify(whole));
  expect(of({ default: 'keep', fields: { a: 'null', c: 'refuse' } })).toEqual({
    ...whole,
    partial_push: { a: 'null', b: 'keep' },
  });
});
