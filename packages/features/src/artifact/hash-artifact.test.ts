import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
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

test.each([
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a device', (path: string) => symlinkSync('/dev/zero', path)],
  ['a link to a folder', (path: string) => symlinkSync('words', path)],
  ['a link to nothing', (path: string) => symlinkSync('gone', path)],
  ['a link to itself', (path: string) => symlinkSync('odd', path)],
])('%s among the files is refused, and never waited for', async (_, make) => {
  make(join(folder, 'odd'));
  await expect(hashArtifact(folder)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining(join(folder, 'odd')),
  });
});
