import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFileWatch } from './watch-files.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'larder-watch-'));
  await mkdir(join(root, 'models/appeal'), { recursive: true });
  await writeFile(join(root, 'a.ts'), '1');
});
afterAll(() => rm(root, { recursive: true }));

const { signal } = new AbortController();

test('sees a file that is written, replaced, removed or new, and anything in a folder', async () => {
  const files = createFileWatch();
  const [a, gone, models] = ['a.ts', 'gone.ts', 'models'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  await files.watch([a, gone, models]);
  await writeFile(a, '22');
  expect(await files.changed(signal)).toEqual([a]);
  await writeFile(join(root, 'a.new'), '33');
  await rename(join(root, 'a.new'), a);
  await writeFile(gone, '1');
  expect(await files.changed(signal)).toEqual([a, gone]);
  await writeFile(join(models, 'appeal/model.onnx'), 'network');
  expect(await files.changed(signal)).toEqual([models]);
  await rm(gone);
  // a later list keeps the last known state: changes in between are not lost
  await files.watch([a, gone]);
  expect(await files.changed(signal)).toEqual([gone]);
});

test('ends by its signal', async () => {
  const files = createFileWatch();
  await files.watch([root]);
  await expect(files.changed(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
});
