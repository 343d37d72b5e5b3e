import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashArtifact } from './hash-artifact.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-artifact-'));
  await mkdir(join(folder, 'words'));
  await writeFile(join(folder, 'model.onnx'), 'model');
  await writeFile(join(folder, 'words', 'a.txt'), 'words');
});
afterEach(() => rm(folder, { recursive: true }));

test('the same content has the same hash, wherever and whenever it was written', async () => {
  const before = await hashArtifact(folder);
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  await utimes(join(folder, 'model.onnx'), 0, 0);
  await writeFile(join(folder, '.DS_Store'), 'left behind');
  const moved = `${folder}-moved`;
  await rename(folder, moved);
  folder = moved;
  expect(await hashArtifact(moved)).toBe(before);
  expect(await hashArtifact(`${moved}/`)).toBe(before);
});

test.each([
  ['a byte', () => writeFile(join(folder, 'model.onnx'), 'mode1')],
  ['a name', () => rename(join(folder, 'model.onnx'), join(folder, 'model2.onnx'))],
  ['a place', () => rename(join(folder, 'words', 'a.txt'), join(folder, 'a.txt'))],
  ['another file', () => writeFile(join(folder, 'empty'), '')],
  [
    'where one file ends and the next begins',
    async () => {
      await writeFile(join(folder, 'model.onnx'), 'modelwords');
      await writeFile(join(folder, 'words', 'a.txt'), '');
    },
  ],
])('%s changes the hash', async (_, change) => {
  const before = await hashArtifact(folder);
  await change();
  expect(await hashArtifact(folder)).not.toBe(before);
});
