import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
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

test('wrong usage', async () => {
  const wrong = await seal('--training', join(folder, 'nowhere.json'));
  expect(wrong.code).toBe(2);
  expect(jsonOf(wrong)).toMatchObject({ errors: [{ pointer: '--training' }] });
});
