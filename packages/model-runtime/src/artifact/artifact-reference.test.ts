import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readGoldenRows } from './golden-rows.ts';
import { readBackground } from './read-background.ts';

const page = readFileSync(new URL('../../../../docs/reference/artifact.md', import.meta.url), 'utf8');
const [
  golden = '',
  background = '',
  training = '',
  byInput = '',
  sourceRows = '',
  pictures = '',
  texts = '',
  ...more
] = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, json = '']) => json);

const DEFINITION = {
  features: ['ad_image:brightness', 'moment:hour_sin'],
  width: 2,
  outputs: ['ctr'],
  missing: -1,
};
const SIGNATURE = { inputs: [{ name: 'features', type: 'float32', width: 2 }] } as const;

async function folderWith(json: string, file = 'golden.json'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-artifact-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, file), json);
  return folder;
}

test('the golden.json of the reference is one', async () => {
  const read = await readGoldenRows(await folderWith(golden), DEFINITION, SIGNATURE);
  expect([...(read.feed as Float32Array)]).toEqual([Math.fround(0.61), 0.5, -1, -0.5]);
  expect(read.tolerance).toBe(1e-5);
  expect(more).toEqual([]);
});

test('golden.json and background.json of several inputs of the reference are one', async () => {
  const refs = { numbers: 'ad_image:brightness', counts: 'ad_stats:clicks', language: 'ad_text:language' };
  const named = Object.entries(refs).map(([name, ref]) => ({
    name,
    features: [{ ref, type: 'float32', width: 1, hasDefault: false }],
  }));
  const types = { numbers: 'float32', counts: 'int64', language: 'string' } as const;
  const definition = {
    features: Object.values(refs),
    width: 3,
    outputs: ['ctr'],
    inputs: named,
    missing: 0,
  };
  const signature = { inputs: Object.entries(types).map(([name, type]) => ({ name, type, width: 1 })) };
  const read = await readGoldenRows(await folderWith(byInput), definition, signature);
  const feed = [Float32Array.of(0.61, 0), BigInt64Array.of(9_007_199_254_740_993n, 3n), ['nl', '']];
  expect(read.feed).toEqual(feed);
  const { outputs: _, ...rows } = JSON.parse(byInput) as Record<string, unknown>;
  const folder = await folderWith(JSON.stringify(rows), 'background.json');
  expect((await readBackground(folder, definition, signature))?.feed).toEqual(feed);
});

test('the background.json of the reference is one', async () => {
  const folder = await folderWith(background, 'background.json');
  const read = await readBackground(folder, DEFINITION, SIGNATURE);
  expect(read?.feed).toEqual(Float32Array.of(0.55, 0.1, -1, 0.9));
});

test.each([
  ['other features', { features: ['ad_image:brightness'] }, 'MODEL_SIGNATURE_MISMATCH'],
  ['rows of another width', { rows: [[0.5]] }, 'ARTIFACT_INVALID'],
  ['no rows', { rows: [] }, 'ARTIFACT_INVALID'],
])('a background.json with %s is refused', async (_, change, code) => {
  const json = JSON.stringify({ ...(JSON.parse(background) as object), ...change });
  const folder = await folderWith(json, 'background.json');
  await expect(readBackground(folder, DEFINITION, SIGNATURE)).rejects.toMatchObject({
    code,
    message: expect.stringContaining('background.json'),
  });
});

test('the training.json of the reference is one object', () => {
  expect(JSON.parse(training)).toMatchObject({ metrics: { auc: 0.81 } });
});

test('the golden rows of a source of the reference are not golden rows of a model', async () => {
  expect(JSON.parse(sourceRows)).toMatchObject({ format: 1, rows: [{ title: 'Red shoes' }] });
  await expect(readGoldenRows(await folderWith(sourceRows), DEFINITION, SIGNATURE)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
});

test('the golden pictures of the reference are not golden rows', async () => {
  expect(JSON.parse(pictures)).toMatchObject({
    format: 1,
    pictures: [{}],
    outputs: { embedding: [[0.12, 0.4]] },
  });
  await expect(readGoldenRows(await folderWith(pictures), DEFINITION, SIGNATURE)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
});

test('the golden texts of the reference are not golden rows', async () => {
  expect(JSON.parse(texts)).toMatchObject({ format: 1, texts: ['I love it'], outputs: [[0.04, 0.96]] });
  await expect(readGoldenRows(await folderWith(texts), DEFINITION, SIGNATURE)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
});
