import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test } from '@larder/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { copyShop } from '../../fixtures/run-cli.ts';

const MAIN = resolve(import.meta.dirname, '../main.ts');

/** `larder serve` below a shell, as npm starts it; only with `npm` is npm said to be there. */
async function serveBelowShell(npm: boolean, stores: Readonly<Record<string, string>>) {
  const { npm_command: _, ...env } = process.env;
  const shell = spawn('sh', ['-c', '"$0" "$@"; exit', process.execPath, MAIN, 'serve', '--port', '0'], {
    cwd: copyShop(),
    env: { ...env, ...stores, ...(npm && { npm_command: 'exec' }) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (text) => (output += String(text)));
  onTestFinished(() => {
    try {
      process.kill(-(shell.pid as number), 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  });
  const url = await vi.waitFor(
    () => {
      const [, found] = /"url":"([^"]+)"/.exec(output) ?? [];
      if (found === undefined) throw new Error(`It does not run yet:\n${output}`);
      return found;
    },
    { timeout: 60_000, interval: 50 },
  );
  const { stdout } = spawnSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' });
  const [, pid] = new RegExp(`^ *${shell.pid} +(\\d+)$`, 'm').exec(stdout) ?? [];
  return { shell, pid: Number(pid), url, output: () => output };
}

test('an app that npm started ends in order when npm is killed; one that a shell left behind goes on', async ({
  database,
  redis,
}) => {
  const stores = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const [below, other] = await Promise.all([serveBelowShell(true, stores), serveBelowShell(false, stores)]);
  for (const { shell } of [below, other]) {
    shell.kill('SIGTERM');
    await once(shell, 'exit');
  }
  await vi.waitFor(() => expect(() => process.kill(below.pid, 0)).toThrow('ESRCH'), {
    timeout: 60_000,
    interval: 50,
  });
  expect(below.output()).toContain('The service is stopping');
  expect((await fetch(`${other.url}/health/live`)).status).toBe(200);
});

test('a signal to both ends it in order, not at once', async ({ database, redis }) => {
  const stores = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const { shell, pid, output } = await serveBelowShell(true, stores);
  const closed = once(shell.stdout, 'close');
  process.kill(pid, 'SIGTERM');
  shell.kill('SIGTERM');
  await closed;
  expect(output().match(/is stopping/g)).toHaveLength(1);
  expect(output()).not.toContain('did not stop cleanly');
});
