import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { startOwnedProcess, whenReady } from '../owned-process.ts';
import { isRunning } from '../state-folder.ts';
import { probeSocket } from './probe-socket.ts';
import { supervise } from './supervise.ts';
import type { Liveness } from './until-silent.ts';

const FIXTURES = resolve(import.meta.dirname, '../../fixtures');
const folder = mkdtempSync(join(tmpdir(), 'larder-hung-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function superviseAnswering(name: string, liveness: Omit<Liveness, 'probe'>, startsAfterMs = 0) {
  const socket = join(folder, `${name}.sock`);
  const said: string[] = [];
  const restarts: number[] = [];
  let answers = 0;
  const ask = (text: string, signal: AbortSignal) => probeSocket(socket, Buffer.from(text), signal);
  const server = await supervise(
    {
      name,
      async start(signal) {
        rmSync(socket, { force: true });
        const owned = startOwnedProcess({
          name,
          command: process.execPath,
          args: [join(FIXTURES, 'answering.mjs'), socket, String(startsAfterMs)],
          logFile: join(folder, `${name}.log`),
        });
        await whenReady(owned, () => ask('?', signal));
        return owned;
      },
      liveness: { ...liveness, probe: (signal) => ask('?', signal).then(() => (answers += 1)) },
      onProgress: (text) => said.push(text),
      onTrouble: (text) => said.push(`! ${text}`),
      onRestart: (pid) => restarts.push(pid),
      stopGraceMs: 5_000,
    },
    new AbortController().signal,
  );
  return { server, said, restarts, ask, answers: () => answers };
}

test('a process that is frozen is killed and started again', async () => {
  const { server, said, restarts } = await superviseAnswering('frozen', { periodMs: 200, limit: 20 });
  const first = server.pid();
  process.kill(first, 'SIGSTOP');
  await vi.waitFor(() => expect(restarts).toHaveLength(1), { timeout: 60_000 });
  expect(isRunning(first)).toBe(false);
  expect(server.pid()).not.toBe(first);
  expect(said.slice(0, 3)).toEqual([
    `! frozen (pid ${first}) has not answered for 4 s; restarting it.`,
    expect.stringMatching(/^! frozen ended \(SIGKILL\)/),
    expect.stringMatching(/^frozen is back/),
  ]);
  await server.stop();
  expect(isRunning(server.pid())).toBe(false);
});

test('a process that is frozen is ended for good while it is waited for', async () => {
  const { server, said } = await superviseAnswering('stopped', { periodMs: 200, limit: 1_000 });
  process.kill(server.pid(), 'SIGSTOP');
  await server.stop(200);
  expect(isRunning(server.pid())).toBe(false);
  expect(said).toEqual([]);
});

test('a process whose event loop is busy for a third of the limit is left alone', async () => {
  const { server, said, ask, answers } = await superviseAnswering('busy', { periodMs: 300, limit: 10 });
  const before = answers();
  await ask('busy', AbortSignal.timeout(30_000));
  await vi.waitFor(() => expect(answers()).toBeGreaterThan(before + 2), { timeout: 60_000 });
  expect(said).toEqual([]);
  await server.stop();
});

test('a process that starts slowly is not asked before it is ready', async () => {
  const { server, said, answers } = await superviseAnswering('slow', { periodMs: 50, limit: 60 }, 4_000);
  await vi.waitFor(() => expect(answers()).toBeGreaterThan(2), { timeout: 60_000 });
  expect(said).toEqual([]);
  await server.stop();
});

test('a pause of the whole machine ends nothing', async () => {
  const supervisor = spawn(process.execPath, [join(FIXTURES, 'supervisor.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  supervisor.stdout.on('data', (text: Buffer) => (output += text.toString()));
  await vi.waitFor(() => expect(output).toMatch(/^\d+\n/), { timeout: 60_000 });
  const pid = Number(output);
  for (const paused of [supervisor.pid as number, pid]) process.kill(paused, 'SIGSTOP');
  // longer than it may be silent
  await sleep(4_000);
  for (const paused of [pid, supervisor.pid as number]) process.kill(paused, 'SIGCONT');
  // the same limit once more, for what the supervisor would do now
  await sleep(2_500);
  expect(output).toBe(`${pid}\n`);
  expect(isRunning(pid)).toBe(true);
  supervisor.kill('SIGTERM');
  await once(supervisor, 'exit');
  expect(isRunning(pid)).toBe(false);
});
