import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { writeTrainingSet } from '@larder/training/testing';
import { test } from '@larder/testing';
import { beforeAll, expect, inject } from 'vitest';
import { jsonOf, larder } from '../../fixtures/run-cli.ts';

const ROWS = 400;
const score = (row: number): number => 1 / (1 + Math.exp(-(row % 7)));
let folder: string;

beforeAll(async () => {
  folder = join(inject('testFolder'), `seal-${newId()}`);
  mkdirSync(folder);
  await writeTrainingSet(
    join(folder, 'set'),
    [{ name: 'shop:visits', type: 'float32', nulls: 0 }],
    `select i as row, (i % 7)::float as "shop:visits" from range(${ROWS}) t(i)`,
  );
  await writeLogisticArtifact(join(folder, 'model'), { features: ['shop:visits'], weights: [1] });
  rmSync(join(folder, 'model/golden.json'));
});

const seal = (...more: string[]) =>
  larder(['seal', join(folder, 'model'), '--training-set', join(folder, 'set'), '--json', ...more]);
const scoresFile = (name: string, lines: readonly string[]): string => {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, name);
};
const rows = Array.from({ length: ROWS }, (_, row) => row);

test.for([
  ['scores.csv', ['customer,ctr', ...rows.map((row) => `c-${row},${score(row)}`)]],
  ['scores.jsonl', rows.map((row) => JSON.stringify({ ctr: score(row) }))],
] as const)("seals with the trainer's scores from %s", async ([name, lines]) => {
  writeFileSync(join(folder, 'training.json'), JSON.stringify({ metrics: { auc: 0.8 } }));
  const more = ['--outputs', 'ctr', '--training', join(folder, 'training.json')];
  const done = await seal('--scores', scoresFile(name, lines), ...more);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(jsonOf(done)).toMatchObject({ features: ['shop:visits'], outputs: ['ctr'], verified: true });
  expect(JSON.parse(readFileSync(join(folder, 'model/training.json'), 'utf8'))).toMatchObject({
    metrics: { auc: 0.8 },
    training_set: { training_set_id: expect.any(String) },
  });
});

test('without scores it says what they would verify', async () => {
  const done = await seal();
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('--scores') });
});

test('scores in another order, or too few, are refused', async () => {
  const shifted = scoresFile('shifted.csv', ['ctr', ...rows.map((row) => `${score(row + 1)}`)]);
  const mismatch = await seal('--scores', shifted);
  expect(mismatch.code).toBe(1);
  expect(jsonOf(mismatch)).toMatchObject({ code: 'MODEL_GOLDEN_MISMATCH' });
  const few = await seal('--scores', scoresFile('few.csv', ['ctr', '0.5']));
  expect(jsonOf(few)).toMatchObject({
    code: 'DATA_FILE_INVALID',
    detail: expect.stringContaining('fewer rows'),
  });
});

test('a model with several inputs is sealed with the features of each', async () => {
  const set = join(folder, 'typed-set');
  await writeTrainingSet(
    set,
    [
      { name: 'shop:visits', type: 'int64', nulls: 0 },
      { name: 'shop:plan', type: 'string', nulls: 1 },
    ],
    `select i as row, i + 9007199254740990 as "shop:visits", case when i > 0 then 'gold' end as "shop:plan" from range(3) t(i)`,
  );
  const model = join(folder, 'typed');
  mkdirSync(model);
  const code = {
    keys_strings: { strings: ['gold'] },
    values_floats: { floats: [1] },
    default_float: { float: 0 },
  };
  const onnx = buildOnnx({
    name: 'typed',
    inputs: [
      { name: 'counts', shape: ['N', 1], type: 'int64' },
      { name: 'plan', shape: ['N', 1], type: 'string' },
    ],
    outputs: [{ name: 'score', shape: ['N', 1] }],
    nodes: [
      { op: 'LabelEncoder', domain: 'ai.onnx.ml', inputs: ['plan'], outputs: ['worth'], attributes: code },
      { op: 'Cast', inputs: ['counts'], outputs: ['visits'], attributes: { to: { int: 1 } } },
      { op: 'Add', inputs: ['visits', 'worth'], outputs: ['score'] },
    ],
  });
  writeFileSync(join(model, 'model.onnx'), onnx);
  const sealTyped = (...more: string[]) => larder(['seal', model, '--training-set', set, '--json', ...more]);
  const inputs = ['--input', 'counts=shop:visits', '--input', 'plan=shop:plan'];
  const done = await sealTyped(...inputs);
  expect(jsonOf(done)).toMatchObject({
    features: { counts: ['shop:visits'], plan: ['shop:plan'] },
    outputs: ['score'],
  });
  expect(JSON.parse(readFileSync(join(model, 'background.json'), 'utf8'))).toEqual({
    format: 1,
    features: { counts: ['shop:visits'], plan: ['shop:plan'] },
    rows: [
      { counts: [9_007_199_254_740_990], plan: [null] },
      { counts: [9_007_199_254_740_991], plan: ['gold'] },
      { counts: ['9007199254740992'], plan: ['gold'] },
    ],
  });
  for (const wrong of [
    ['--input', 'counts'],
    [...inputs, ...inputs],
    [...inputs, '--features', 'shop:visits'],
  ])
    expect(await sealTyped(...wrong)).toMatchObject({ code: 2 });
});

test('wrong usage', async () => {
  const wrong = await seal('--training', join(folder, 'nowhere.json'));
  expect(wrong.code).toBe(2);
  expect(jsonOf(wrong)).toMatchObject({ errors: [{ pointer: '--training' }] });
});
