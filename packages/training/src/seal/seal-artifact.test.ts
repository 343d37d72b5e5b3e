import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '@larder/model-runtime';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { writeTrainingSet } from '../testing/write-training-set.ts';
import type { TrainingSetManifest } from '../training-set/training-set-manifest.ts';
import { manifestSha256 } from './manifest-sha256.ts';
import { sealArtifact } from './seal-artifact.ts';

const FEATURES = ['shop:visits', 'shop:premium', 'photo:embedding', 'moment:hour'];
/** visits, premium, embedding × 2, hour */
const WEIGHTS = [0.5, -1, 0.25, 2, 0.1];
const ROWS = 5_000;

let folder: string;
let set: string;
let manifest: TrainingSetManifest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-seal-test-'));
  set = join(folder, 'set');
  manifest = await writeTrainingSet(
    set,
    [
      { name: 'shop:visits', type: 'float32', nulls: 1 },
      { name: 'shop:premium', type: 'bool', nulls: 0 },
      { name: 'photo:embedding', type: 'vector', length: 2, nulls: 1 },
      { name: 'moment:hour', type: 'float64', nulls: 0 },
      { name: 'photo:caption', type: 'string', nulls: 0 },
    ],
    `select i as row, case when i = 1234 then null else (i % 10)::float end as "shop:visits", i % 2 = 0 as "shop:premium",
       case when i = 4321 then null else [0.1::float, (i % 7)::float] end as "photo:embedding", (i % 24)::double as "moment:hour",
       'text' as "photo:caption", i % 3 as label from range(${ROWS}) t(i)`,
  );
  return () => rm(folder, { recursive: true });
});

/** A trained model without anything else in its folder, and its trainer's function. */
async function trained(features = FEATURES, weights = WEIGHTS) {
  const artifact = await mkdtemp(join(folder, 'model-'));
  await writeLogisticArtifact(artifact, { features, weights, imputed: 0 });
  await rm(join(artifact, 'golden.json'));
  const score = (rows: readonly Float32Array[]) => ({
    ctr: rows.map((row) => sigmoid(row.reduce((sum, x, i) => sum + (weights[i] ?? 0) * (x || 0), 0))),
  });
  return { artifact, score };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const json = async (...path: string[]) =>
  JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, never>;

test('a trained model becomes an artifact that serving loads, with rows with and without nulls', async () => {
  const { artifact, score } = await trained();
  const sealed = await sealArtifact(artifact, set, {
    features: FEATURES,
    score,
    training: { metrics: { auc: 0.81 } },
  });
  expect(sealed).toMatchObject({ features: FEATURES, outputs: ['ctr'], verified: true, backgroundRows: 100 });
  const { rows } = await json(artifact, 'golden.json');
  expect(rows).toContainEqual([null, 1, 0.1, 1234 % 7, 1234 % 24]);
  expect(rows).toContainEqual([4321 % 10, 0, null, null, 4321 % 24]);
  expect((await json(artifact, 'background.json'))['rows']).toHaveLength(100);
  expect(await json(artifact, 'training.json')).toEqual({
    metrics: { auc: 0.81 },
    training_set: {
      training_set_id: manifest.training_set_id,
      content_sha256: manifest.content_sha256,
      manifest_sha256: manifestSha256(manifest),
    },
  });
  const runner = await loadModel({
    artifactPath: artifact,
    expectedFeatures: FEATURES,
    width: 5,
    outputs: ['ctr'],
    placement: 'inline',
  });
  onTestFinished(() => runner.close());
  expect(await readdir(artifact)).toHaveLength(4);
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('the same model and training set give the same bytes', async () => {
  const { artifact, score } = await trained();
  await sealArtifact(artifact, set, { features: FEATURES, score });
  const first = await Promise.all((await readdir(artifact)).map((file) => readFile(join(artifact, file))));
  await sealArtifact(artifact, set, { features: FEATURES, score });
  const second = await Promise.all((await readdir(artifact)).map((file) => readFile(join(artifact, file))));
  expect(second).toEqual(first);
});

test('without the scores of the trainer, ONNX Runtime gives them', async () => {
  const { artifact } = await trained();
  expect(await sealArtifact(artifact, set, { features: FEATURES })).toMatchObject({ verified: false });
});

test.each([
  [
    'other scores than the trainer had',
    { score: (r: readonly Float32Array[]) => ({ ctr: r.map(() => 0.5) }) },
    'MODEL_GOLDEN_MISMATCH',
  ],
  [
    'scores that JSON cannot hold',
    { score: (r: readonly Float32Array[]) => ({ ctr: r.map(() => NaN) }) },
    'ARTIFACT_INVALID',
  ],
  ['too few scores', { score: () => ({ ctr: [0.1] }) }, 'ARTIFACT_INVALID'],
  ['an output that the model does not have', { outputs: ['ctr', 'cvr'] }, 'MODEL_SIGNATURE_MISMATCH'],
  ['too few features', { features: FEATURES.slice(1) }, 'MODEL_SIGNATURE_MISMATCH'],
  [
    'features in another order than it was sealed with',
    { features: FEATURES.toReversed() },
    'MODEL_SIGNATURE_MISMATCH',
  ],
  [
    'a feature that does not go into a tensor',
    { features: [...FEATURES, 'photo:caption'] },
    'MODEL_SIGNATURE_MISMATCH',
  ],
  ['a feature that nobody built', { features: ['shop:revenue'] }, 'MODEL_SIGNATURE_MISMATCH'],
  ['too much to record', { training: { log: 'x'.repeat(300_000) } }, 'ARTIFACT_INVALID'],
])('refused, and the folder stays as it was: %s', async (_, options, code) => {
  const { artifact, score } = await trained();
  const before = await readFile(join(artifact, 'model.onnx'));
  await expect(sealArtifact(artifact, set, { features: FEATURES, score, ...options })).rejects.toMatchObject({
    code,
    message: expect.not.stringContaining('.larder-seal-'),
  });
  expect(await readdir(artifact)).toEqual(['model.onnx']);
  expect(await readFile(join(artifact, 'model.onnx'))).toEqual(before);
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('what is not a training set, or not a model, is said', async () => {
  const { artifact } = await trained();
  await expect(sealArtifact(artifact, artifact)).rejects.toMatchObject({
    code: 'DATA_FILE_INVALID',
    message: expect.stringContaining('is not a training set'),
  });
  const empty = await mkdtemp(join(folder, 'empty-'));
  await expect(sealArtifact(empty, set, { features: FEATURES })).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
  await writeFile(join(empty, 'model.onnx'), '<html>');
  await expect(sealArtifact(empty, set, { features: FEATURES })).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
});
