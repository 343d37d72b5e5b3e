import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeProject } from './write-project.ts';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'larder-init-'));
});
afterAll(() => rm(parent, { recursive: true }));

test('a project is named after its folder, and npm and git find their files', async () => {
  const folder = join(parent, 'My 2 Pictures!');
  const { name, kept } = await writeProject(folder, 'photos');
  expect([name, kept]).toEqual(['my_2_pictures', []]);
  expect(await readFile(join(folder, 'larder.config.ts'), 'utf8')).toContain("project('my_2_pictures')");
  expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toMatchObject({
    name: 'my-2-pictures',
  });
  for (const file of ['.gitignore', '.npmrc', 'models/appeal/model.onnx', 'pictures/blue.png'])
    expect({ file, exists: existsSync(join(folder, file)) }).toEqual({ file, exists: true });
});

test('what npm install wrote into an empty folder gets the name of the folder', async () => {
  const folder = join(parent, 'fresh');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{"dependencies":{"larderjs":"0.1.0"}}');
  await writeProject(folder, 'photos');
  expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toMatchObject({
    name: 'fresh',
    type: 'module',
  });
});

test('files that are there stay, a project is never overwritten', async () => {
  const folder = join(parent, 'kept');
  await mkdir(folder);
  await writeFile(join(folder, '.gitignore'), 'mine\n');
  expect((await writeProject(folder, 'photos')).kept).toEqual(['.gitignore']);
  expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe('mine\n');
  await expect(writeProject(folder, 'photos')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});
