import { describe, expect, test } from 'vitest';
import { sqlSource } from '@larder/sources';
import { entity } from '../definition/entity.ts';
import { featureView } from '../definition/feature-view.ts';
import { f } from '../definition/field.ts';
import { model } from '../definition/model.ts';
import { project } from '../definition/project.ts';
import { artifact } from '../artifact/artifact.ts';
import { buildManifest } from '../manifest/build-manifest.ts';
import { chainProblems } from '../manifest/chain-problems.ts';
import { chainSteps } from '../manifest/chain-steps.ts';
import type { Manifest, ModelManifest } from '../manifest/manifest.ts';
import { parentsOf } from '../manifest/parents-of.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { readViews } from '../manifest/read-views.ts';
import { onDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import { postProcess } from '../post-process/post-process.ts';
import { collectDefinitions } from '../project/collect-definitions.ts';
import { validateDefinitions } from '../validate/validate-definitions.ts';
import { precomputedPredictions } from './precomputed-predictions.ts';
import { runTime } from './run-time.ts';

const ad = entity('ad', { ad_id: f.string() });
const user = entity('user', { user_id: f.int64() });
const source = sqlSource({ connection: 'ads', query: 'select 1' });
const common = { version: 1, entity: ad, ttl: '7d', source } as const;
const adImage = featureView('ad_image', {
  ...common,
  version: 2,
  schema: { embedding: f.vector(128), light: f.float32() },
});
const adStats = featureView('ad_stats', { ...common, schema: { clicks: f.float64() } });
const userStats = featureView('user_stats', { ...common, entity: user, schema: { seen: f.float32() } });
const moment = onDemandFeatureView('moment', {
  request: { requested_at: f.timestamp(), placement: f.string(), bid: f.float64() },
  features: [adStats, adImage.pick('light')],
  schema: { hour: f.float32() },
  compute: () => ({ hour: 0 }),
});
const files = { artifact: artifact('models/ad_ctr') };
const adCtr = model('ad_ctr', {
  ...files,
  features: [adImage.pick('embedding'), moment],
  output: { ctr: f.float32() },
});
const request = { requested_at: runTime(), placement: 'feed', bid: 0.5 };
const scoresOf = (changes: Record<string, unknown> = {}) =>
  precomputedPredictions('ad_scores', { version: 1, model: adCtr, ttl: '36h', request, ...changes } as never);

function manifestOf(exports: Record<string, unknown>): Manifest {
  const sha256 = '0'.repeat(64);
  const hashes = {
    artifacts: new Map([['models/ad_ctr', sha256]]),
    code: {
      computations: new Map(),
      onDemand: new Map(['moment', 'decision'].map((name) => [name, { identity: sha256 }])),
    },
  };
  return buildManifest(project('ads'), collectDefinitions(exports), hashes);
}

async function problemsOf(exports: Record<string, unknown>): Promise<string[]> {
  const errors = await validateDefinitions(project('ads'), collectDefinitions(exports), {
    root: import.meta.dirname,
    artifactsMayBeAbsent: true,
  });
  return errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
}

describe('the manifest of precomputed predictions', () => {
  test('has the model, the request and the outputs; the model comes along', async () => {
    const scores = scoresOf({ schedule: '0 4 * * *' });
    expect(await problemsOf({ scores })).toEqual([]);
    const manifest = manifestOf({ scores });
    expect(Object.keys(manifest.models)).toEqual(['ad_ctr']);
    const view = manifest.feature_views['ad_scores@1'];
    expect(view).toMatchObject({
      entity: 'ad',
      ttl_ms: 129_600_000,
      schedule: '0 4 * * *',
      // 130 floats a row
      chunk_rows: 500,
      source: {
        kind: 'model',
        model: 'ad_ctr',
        event_timestamp_column: 'event_timestamp',
        created_timestamp_column: 'created_timestamp',
      },
      schema: [
        { name: 'ctr', type: 'float32' },
        { name: 'model_version', type: 'int64', safe: true },
      ],
      compute: {
        kind: 'prediction',
        options: {
          model: 'ad_ctr',
          request: {
            bid: { constant: 0.5 },
            placement: { constant: 'feed' },
            requested_at: 'run_time',
          },
        },
        artifacts: {},
        code_sha256: null,
      },
    });
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  });

  test('a version stays the same view while its model reads other features', () => {
    const other = model('ad_ctr', { ...files, features: [adStats, moment], output: { ctr: f.float32() } });
    const fingerprintOf = (changes: Record<string, unknown>) =>
      manifestOf({ scores: scoresOf(changes) }).feature_views['ad_scores@1']?.fingerprint;
    expect(fingerprintOf({ model: other })).toBe(fingerprintOf({}));
    expect(fingerprintOf({ request: { ...request, placement: 'side' } })).not.toBe(fingerprintOf({}));
    expect(fingerprintOf({ request: { ...request, requested_at: new Date(0) } })).not.toBe(fingerprintOf({}));
  });

  test('it is computed after what the model reads, also through on-demand views', () => {
    const manifest = manifestOf({ scores: scoresOf() });
    const view = manifest.feature_views['ad_scores@1'];
    if (view === undefined) throw new Error('no view');
    expect(parentsOf(manifest, view)).toEqual([
      { name: 'ad_image', version: 2, features: ['embedding', 'light'] },
      { name: 'ad_stats', version: 1, features: ['clicks'] },
    ]);
    expect(chainSteps(manifest, view)).toEqual([['ad_image@2', 'ad_stats@1'], ['ad_scores@1']]);
    expect(readViews(manifest)).toContain('ad_stats@1');
    expect(chainProblems(manifest)).toEqual([]);
  });

  test('a model that reads its own predictions is a cycle', () => {
    const scores = scoresOf();
    const manifest = manifestOf({ scores });
    const inputs = [{ view: 'ad_scores', version: 1, features: ['ctr'] }];
    const again = { ...manifest.models['ad_ctr'], inputs } as ModelManifest;
    expect(chainProblems({ ...manifest, models: { ad_ctr: again } }).map(({ detail }) => detail)).toEqual([
      'is computed from itself: ad_scores@1 → ad_scores@1. Break the cycle.',
    ]);
  });

  test('the outputs are those of the post-processing', () => {
    const decided = model('ad_ctr', {
      ...files,
      features: [adImage],
      output: { logit: f.float32() },
      postprocess: postProcess('decision', {
        outputs: { logit: f.float32() },
        request: { placement: f.string() },
        schema: { ctr: f.float32(), reason: f.string().default('none') },
        compute: () => ({ ctr: 0, reason: '' }),
      }),
    });
    const scores = scoresOf({ model: decided, request: { placement: 'feed' } });
    expect(manifestOf({ scores }).feature_views['ad_scores@1']?.schema).toEqual([
      { name: 'ctr', type: 'float32' },
      { name: 'reason', type: 'string', default: 'none' },
      { name: 'model_version', type: 'int64', safe: true },
    ]);
  });
});

describe('refused', () => {
  test.for<[string, Record<string, unknown>, string]>([
    ['no model', { model: undefined }, "/model must be a model made by model('ad_ctr', …)."],
    [
      'a missing field',
      { request: { placement: 'feed', bid: 0.5 } },
      '/request/requested_at is missing: nobody sends a request when predictions are computed ahead; declare a constant Date or runTime().',
    ],
    [
      'no request',
      {
        request: undefined,
        model: model('ad_ctr', { ...files, features: [adImage], output: { ctr: f.float32() } }),
      },
      '',
    ],
    [
      'an unknown field',
      { request: { ...request, colour: 'red' } },
      "/request/colour is not a request field of 'ad_ctr'; it has requested_at, placement, bid.",
    ],
    [
      'a function',
      { request: { ...request, placement: () => 'feed' } },
      '/request/placement cannot be a function; declare a constant, which is the same for all entities.',
    ],
    ['another type', { request: { ...request, bid: '0.5' } }, '/request/bid must be a number, not string.'],
    ['not finite', { request: { ...request, bid: Number.NaN } }, '/request/bid must be finite.'],
    [
      'the time of the run in a text',
      { request: { ...request, placement: runTime() } },
      '/request/placement cannot be runTime(): the field is string, not a timestamp.',
    ],
    [
      'no stored feature',
      {
        model: model('ad_ctr', {
          ...files,
          features: [
            onDemandFeatureView('hour', {
              request: {},
              schema: { hour: f.float32() },
              compute: () => ({ hour: 0 }),
            }),
          ],
          output: { ctr: f.float32() },
        }),
        request: {},
      },
      "/model 'ad_ctr' reads no stored feature, so there are no entities to compute it for.",
    ],
    [
      'two entities',
      {
        model: model('ad_ctr', { ...files, features: [adImage, userStats], output: { ctr: f.float32() } }),
        request: {},
      },
      "/model 'ad_ctr' reads features of ad and user; predictions are computed ahead for the keys of one entity.",
    ],
    [
      'an output with the name of a column',
      {
        model: model('ad_ctr', { ...files, features: [adImage], output: { model_version: f.float32() } }),
        request: {},
      },
      "/model 'ad_ctr' has an output model_version, which the view needs for its own; rename it.",
    ],
  ])('%s', async ([, changes, expected]) => {
    const problems = await problemsOf({ scores: scoresOf(changes) });
    expect(problems).toEqual(expected === '' ? [] : [`/feature_views/ad_scores@1${expected}`]);
  });

  test('two views of one model, and a mode without any', async () => {
    const other = precomputedPredictions('side_scores', { version: 1, model: adCtr, ttl: '1h', request });
    expect(await problemsOf({ scores: scoresOf(), second: scoresOf({ version: 2 }), other })).toEqual([
      "/feature_views/side_scores@1/model 'ad_ctr' has its predictions in 'ad_scores'; a model has one view of them.",
    ]);
    const ahead = (mode: string) =>
      model('ad_ahead', {
        ...files,
        features: [adImage],
        output: { ctr: f.float32() },
        mode: mode as never,
      });
    expect(await problemsOf({ ahead: ahead('precomputed') })).toEqual([
      "/models/ad_ahead/mode is 'precomputed', and no precomputedPredictions(…) of 'ad_ahead' are defined.",
    ]);
    expect(await problemsOf({ ahead: ahead('soon') })).toEqual([
      '/models/ad_ahead/mode must be one of live, precomputed, precomputed_or_live.',
    ]);
    const scores = scoresOf({ model: ahead('precomputed_or_live'), request: {} });
    expect(await problemsOf({ scores })).toEqual([]);
    expect(manifestOf({ scores }).models['ad_ahead']?.mode).toBe('precomputed_or_live');
  });
});
