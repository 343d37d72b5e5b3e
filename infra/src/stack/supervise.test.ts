import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { startOwnedProcess, type OwnedProcess } from '../owned-process.ts';
import { isRunning } from '../state-folder.ts';
import { supervise } from './supervise.ts';

const folder = mkdtempSync(join(tmpdir(), 'larder-supervise-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;

function sleeper(): OwnedProcess {
  return startOwnedProcess({
    name: 'sleeper',
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1_000)'],
    logFile: join(folder, 'sleeper.log'),
  });
}

function supervised(start: () => Promise<OwnedProcess>) {
  const said: string[] = [];
  const restarts: number[] = [];
  return {
    said,
    restarts,
    server: supervise(
      {
        name: 'sleeper',
        start,
        liveness: { probe: async () => {} },
        onProgress: (text) => said.push(text),
        onTrouble: (text) => said.push(`! ${text}`),
        onRestart: (pid) => restarts.push(pid),
        stopGraceMs: 5_000,
      },
      never,
    ),
  };
}

test('starts a process again that was killed, says so, and ends it for good', async () => {
  const { said, restarts, server: starting } = supervised(async () => sleeper());
  const server = await starting;
  const first = server.pid();
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(restarts).toHaveLength(1), { timeout: 60_000 });
  expect(server.pid()).toBe(restarts[0]);
  expect(said).toEqual([
    expect.stringMatching(/^! sleeper ended \(SIGKILL\)/),
    expect.stringMatching(/^sleeper is back/),
  ]);
  await server.stop();
  expect(isRunning(server.pid())).toBe(false);
  expect(restarts).toHaveLength(1);
});

test('goes on trying while it does not start, each time after a longer wait', async () => {
  let starts = 0;
  const { said, server: starting } = supervised(async () => {
    starts += 1;
    if (starts === 2 || starts === 3) throw new Error('no room');
    return sleeper();
  });
  const server = await starting;
  process.kill(server.pid(), 'SIGKILL');
  await vi.waitFor(() => expect(starts).toBe(4), { timeout: 60_000 });
  await expect.poll(() => said.at(-1)).toContain('is back');
  expect(said.slice(1, 3)).toEqual([
    expect.stringMatching(/next try in 0\.5 s\. no room/),
    expect.stringMatching(/next try in 1 s\. no room/),
  ]);
  await server.stop();
});

test('stops while it waits to start again', async () => {
  const started: OwnedProcess[] = [];
  const { said, server: starting } = supervised(async () => {
    const owned = sleeper();
    started.push(owned);
    return owned;
  });
  const server = await starting;
  process.kill(server.pid(), 'SIGKILL');
  await vi.waitFor(() => expect(said).toHaveLength(1), { timeout: 60_000, interval: 5 });
  await server.stop();
  expect(started.every((owned) => !owned.running())).toBe(true);
});

test('passes on why the first start failed', async () => {
  const { server } = supervised(() => Promise.reject(new Error('no program')));
  await expect(server).rejects.toThrow('no program');
});

test('says why a process ended if the process logged it', async () => {
  let first = true;
  const { said, server: starting } = supervised(async () => {
    if (!first) return sleeper();
    first = false;
    return startOwnedProcess({
      name: 'sleeper',
      command: process.execPath,
      args: ['-e', `console.error('DATABASE_TOO_OLD: PostgreSQL 15 is too old.'); process.exitCode = 1`],
      logFile: join(folder, 'sleeper.log'),
    });
  });
  const server = await starting;
  await vi.waitFor(() => expect(said.at(-1)).toContain('is back'), { timeout: 60_000 });
  expect(said[0]).toMatch(
    /^! sleeper ended \(exit code 1\): DATABASE_TOO_OLD: PostgreSQL 15 is too old\.; restarting it in 0\.25 s\. Its log: \//,
  );
  await server.stop();
});
