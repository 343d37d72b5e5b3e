import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectModules } from './project-modules.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'larder-modules-'));
  await mkdir(join(root, 'src'));
  await writeFile(
    join(root, 'larder.config.ts'),
    `import { x } from 'larderjs';
import type { T } from './src/types.ts';
import { a } from './src/a.ts';
export const late = () => import('./src/late.ts');
export default [x, a] as T[];`,
  );
  await writeFile(
    join(root, 'src/a.ts'),
    `import words from './words.json' with { type: 'json' }; export const a = words;`,
  );
  await writeFile(join(root, 'src/words.json'), '["one"]');
  await writeFile(
    join(root, 'src/late.ts'),
    `import './gone.ts'; import sharp from 'sharp'; export default sharp;`,
  );
  await writeFile(join(root, 'src/stranger.ts'), 'export {};');
});
afterAll(() => rm(root, { recursive: true }));

const inRoot = async () =>
  (await projectModules(join(root, 'larder.config.ts'))).map((path) => path.slice(root.length + 1));

test('every module that the project reaches is listed: late ones, data, and one that is not there yet', async () => {
  expect(await inRoot()).toEqual([
    'larder.config.ts',
    'src/a.ts',
    'src/gone.ts',
    'src/late.ts',
    'src/words.json',
  ]);
});

test('a module that cannot be parsed is listed, and the others with it', async () => {
  await writeFile(join(root, 'src/late.ts'), 'export default {');
  expect(await inRoot()).toEqual(['larder.config.ts', 'src/a.ts', 'src/late.ts', 'src/words.json']);
});
