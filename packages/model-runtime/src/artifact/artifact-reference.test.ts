import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readGoldenRows } from './golden-rows.ts';

const page = readFileSync(new URL('../../../../docs/reference/artifact.md', import.meta.url), 'utf8');
const [golden = '', background = '', training = '', sourceRows = '', pictures = '', ...more] = [
  ...page.matchAll(/```json\n([^]*?)```/g),
].map(([, json = '']) => json);

const DEFINITION = {
  features: ['ad_image:brightness', 'moment:hour_sin'],
  width: 2,
  outputs: ['ctr'],
};

async function folderWith(json: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-artifact-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'golden.json'), json);
  return folder;
}

test('the golden.json of the reference is one', async () => {
  const read = await readGoldenRows(await folderWith(golden), DEFINITION, -1);
  expect([...read.tensor]).toEqual([Math.fround(0.61), 0.5, -1, -0.5]);
  expect(read.tolerance).toBe(1e-5);
  expect(more).toEqual([]);
});

test('the background.json of the reference has the same features and kind of rows', async () => {
  const { features, rows } = JSON.parse(background) as { features: string[]; rows: number[][] };
  const asGolden = { format: 1, features, rows, outputs: { ctr: rows.map(() => 0) } };
  const read = await readGoldenRows(await folderWith(JSON.stringify(asGolden)), DEFINITION, 0);
  expect(read.tensor).toHaveLength(4);
});

test('the training.json of the reference is one object', () => {
  expect(JSON.parse(training)).toMatchObject({ metrics: { auc: 0.81 } });
});

test('the golden rows of a source of the reference are not golden rows of a model', async () => {
  expect(JSON.parse(sourceRows)).toMatchObject({ format: 1, rows: [{ title: 'Red shoes' }] });
  await expect(readGoldenRows(await folderWith(sourceRows), DEFINITION, 0)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
});

test('the golden pictures of the reference are not golden rows', async () => {
  expect(JSON.parse(pictures)).toMatchObject({
    format: 1,
    pictures: [{}],
    outputs: { embedding: [[0.12, 0.4]] },
  });
  await expect(readGoldenRows(await folderWith(pictures), DEFINITION, 0)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
});
