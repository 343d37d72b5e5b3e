import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  claimStackFile,
  endAbandonedApps,
  findStack,
  readStackFile,
  removeStackFile,
  runningStack,
  stackFilePath,
  updateStackFile,
} from './stack-file.ts';

let root: string;
let project: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'larder-stack-'));
  project = join(root, 'shop', 'larder.config.ts');
  mkdirSync(join(root, 'shop', 'deep'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A file left behind by a process that is gone. */
function leaveBehind(apps: Readonly<Record<string, number>> = {}): void {
  const { pid } = spawnSync(process.execPath, ['--version']);
  mkdirSync(join(root, '.larder'), { recursive: true });
  const file = { pid, script: 'main.ts', project, startedAt: '', addresses: null, apps };
  writeFileSync(stackFilePath(root), JSON.stringify(file));
}

test('a running stack is found beside its project and from any folder below', () => {
  claimStackFile(root, project);
  expect(findStack(join(root, 'shop', 'deep'), project)).toMatchObject({ pid: process.pid, project });
  expect(findStack(join(root, 'shop'), null)).toMatchObject({ project });
  expect(findStack(root, join(root, 'other', 'larder.config.ts'))).toBeNull();
  expect(findStack(tmpdir(), null)).toBeNull();
});

test('one stack at a time', () => {
  claimStackFile(root, project);
  updateStackFile(root, { apps: { worker: 1 } });
  expect(() => claimStackFile(root, project)).toThrow(/already running.*pid/);
  expect(readStackFile(root)).toMatchObject({ apps: { worker: 1 } });
  removeStackFile(root);
  expect(existsSync(stackFilePath(root))).toBe(false);
});

test('what a crash left behind does not count, and is replaced', () => {
  leaveBehind();
  expect(runningStack(root)).toBeNull();
  expect(findStack(root, project)).toBeNull();
  claimStackFile(root, project);
  expect(runningStack(root)).toMatchObject({ pid: process.pid });
});

test('a later process of the same number is not taken for the owner', () => {
  mkdirSync(join(root, '.larder'));
  const file = {
    pid: process.ppid,
    script: '/nowhere/main.ts',
    project,
    startedAt: '',
    addresses: null,
    apps: {},
  };
  writeFileSync(stackFilePath(root), JSON.stringify(file));
  expect(runningStack(root)).toBeNull();
});

test('apps that outlived their owner are ended, other programs are left alone', async () => {
  const app = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)', 'apps/worker/src/main.ts']);
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)', 'mine']);
  await Promise.all([once(app, 'spawn'), once(other, 'spawn')]);
  leaveBehind({ worker: app.pid as number, inference: other.pid as number });
  const ended = once(app, 'exit');
  await endAbandonedApps(root);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(other.exitCode).toBeNull();
  other.kill('SIGKILL');
});
