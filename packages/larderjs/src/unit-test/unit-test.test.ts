import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifact, entity, f, featureView, model, onDemandFeatureView, postProcess } from '@larder/features';
import { folderSource } from '@larder/sources';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { computeOnDemand, computePostProcess, computeRow, predictRow } from './index.ts';

const file = entity('file', { file_id: f.string() });
const sizes = featureView('sizes', {
  version: 1,
  entity: file,
  ttl: 'forever',
  source: folderSource({ folder: 'files', key: 'file_id' }),
  compute: {
    kind: 'test',
    options: {},
    artifacts: {},
    load: async () => ({
      createComputation: async () => ({
        compute: async (rows) =>
          rows.map(({ size_bytes: bytes }) =>
            typeof bytes === 'number'
              ? { values: { kib: bytes / 1024, shape: [1, 2], kind: null } }
              : { failure: { code: 'NO_SIZE', reason: 'There is no size.', retryable: false } },
          ),
        close: async () => {},
      }),
    }),
  },
  schema: { kib: f.float32(), shape: f.vector(2), kind: f.string().default('file') },
});
const share = onDemandFeatureView('share', {
  request: { quota: f.float64() },
  features: [sizes.pick('kib')],
  schema: { share: f.float32() },
  compute: ({ request, features }) => ({ share: (features.sizes.kib ?? 0) / request.quota }),
});
const keep = model('keep', {
  features: [sizes.pick('kib', 'shape'), share],
  output: { keep: f.float32() },
  artifact: artifact('keep'),
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'larder-unit-'));
  await writeLogisticArtifact(join(root, 'keep'), {
    features: ['sizes:kib', 'sizes:shape', 'share:share'],
    weights: [1, 0, -1, 2],
    output: 'keep',
  });
});
afterAll(() => rm(root, { recursive: true }));

test('a row gives features as a reader gets them: vectors, defaults', async () => {
  const features = await computeRow(sizes, { size_bytes: 2048 });
  expect(features).toEqual({ kib: 2, shape: Float32Array.of(1, 2), kind: 'file' });
});

test('a row that fails throws its own code and reason', async () => {
  await expect(computeRow(sizes, {})).rejects.toThrow('sizes@1: NO_SIZE: There is no size.');
});

test('own code that gives what the schema does not declare is refused, as a worker does', async () => {
  if (sizes.compute === null) throw new Error('The view has a computation.');
  const few = { ...sizes, schema: { kib: f.float32() } };
  expect(await computeRow(few, { size_bytes: 1024 })).toEqual({ kib: 1 });
  const own = { ...few, compute: { ...sizes.compute, codeUrl: import.meta.url } };
  await expect(computeRow(own, { size_bytes: 1024 })).rejects.toThrow('shape is not declared');
});

test('an on-demand view gives what its function says, checked', () => {
  const features = { sizes: { kib: 2 } };
  expect(computeOnDemand(share, { request: { quota: 4 }, features })).toEqual({ share: 0.5 });
  const broken = onDemandFeatureView('broken', {
    schema: { share: f.float32() },
    compute: () => ({ share: 'half' as never }),
  });
  expect(() => computeOnDemand(broken, {})).toThrow(
    'The on-demand feature broken:share must be a number, not string; return null for no value.',
  );
});

test('an on-demand view is evaluated as the service does it: defaults on both sides, and its errors', () => {
  const level = onDemandFeatureView('level', {
    request: { at: f.timestamp() },
    features: [sizes, share],
    schema: { text: f.string().default('none'), shape: f.vector(2) },
    compute: ({ request, features }) => {
      if (features.share.share === null) throw new Error('the cause');
      return { text: null, shape: Float32Array.of(request.at.getTime(), features.sizes.kind.length) };
    },
  });
  const given = (asked: number | null, kind: unknown = null) => ({
    request: { at: new Date(5) },
    features: { sizes: { kib: 1, shape: [1, 2], kind }, share: { share: asked } },
  });
  expect(computeOnDemand(level, given(1))).toEqual({
    text: 'none',
    shape: Float32Array.of(5, 'file'.length),
  });
  expect(() => computeOnDemand(level, given(null))).toThrow(
    expect.objectContaining({ code: 'ON_DEMAND_FAILED', cause: new Error('the cause') }),
  );
  expect(() => computeOnDemand(level, given(1, 7))).toThrow('sizes:kind must be a string, not number.');
  const { features } = given(1);
  expect(() => computeOnDemand(level, { features })).toThrow('No value is given for request:at.');
  expect(() => computeOnDemand(level, { ...given(1), features: { sizes: features.sizes } })).toThrow(
    'No value is given for share:share.',
  );
});

test('a model scores features by name, after the checks of the service', async () => {
  const given = { sizes: { kib: 2, shape: [0, 1] }, share: { share: 0.5 } };
  expect((await predictRow(keep, given, { root })).keep).toBeCloseTo(1 / (1 + Math.exp(-2)), 5);
  await expect(predictRow(keep, { sizes: given.sizes }, { root })).rejects.toThrow('share:share');
  const reordered = model('keep', {
    features: [share, sizes.pick('kib', 'shape')],
    output: { keep: f.float32() },
    artifact: artifact('keep'),
  });
  await expect(predictRow(reordered, given, { root })).rejects.toMatchObject({
    code: 'MODEL_SIGNATURE_MISMATCH',
  });
});

const verdict = postProcess('verdict', {
  outputs: { keep: f.float32() },
  request: { floor: f.float64() },
  schema: { kept: f.bool(), reason: f.string().default('good enough') },
  compute: ({ outputs, request }) => ({
    kept: outputs.keep >= request.floor,
    reason: outputs.keep >= request.floor ? null : 'too small',
  }),
});

test('post-processing gives what its function says, checked, alone and behind its model', async () => {
  const decide = (score: unknown, floor: unknown) =>
    computePostProcess(verdict, { outputs: { keep: score }, request: { floor } });
  expect(decide(0.4, 0.5)).toEqual({ kept: false, reason: 'too small' });
  expect(decide(0.5, 0.5)).toEqual({ kept: true, reason: 'good enough' });
  expect(() => decide('high', 0.5)).toThrow('outputs:keep must be a number, not string.');
  expect(() => decide(0.5, null)).toThrow('request:floor is null; give a value.');
  const decided = model('keep', {
    features: [sizes.pick('kib', 'shape'), share],
    output: { keep: f.float32() },
    postprocess: verdict,
    artifact: artifact('keep'),
  });
  const given = { sizes: { kib: 2, shape: [0, 1] }, share: { share: 0.5 } };
  expect(await predictRow(decided, given, { root, request: { floor: 0.9 } })).toEqual({
    kept: false,
    reason: 'too small',
  });
});
