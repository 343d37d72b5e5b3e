import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startTestRedis } from '@larder/testing';
import { expect, onTestFinished, vi } from 'vitest';
import type { Config } from './config.ts';
import { test } from './testing/inference-test.ts';

function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [`${import.meta.dirname}/main.ts`], {
    env: { PATH: process.env['PATH'], ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, exited, output: () => output };
}

const environment = (config: Config) => ({
  LARDER_PROJECT: config.projectPath,
  LARDER_DATABASE_URL: config.databaseUrl,
  LARDER_REDIS_URL: config.redisUrl,
  LARDER_PORT: '0',
});

test('says where it listens, answers, and ends at SIGTERM', async ({ service }) => {
  const { child, exited, output } = start(environment(service.config));
  await vi.waitFor(() => expect(output()).toContain('Listening'), { timeout: 25_000 });
  const url = /"url":"([^"]+)"/.exec(output())?.[1] ?? '';
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(output()).toContain('The service stops');
});

test('refuses a wrong configuration and a Redis that would evict, saying what to do', async ({ config }) => {
  const lost = start({ LARDER_PROJECTS: 'x' });
  expect(await lost.exited).toBe(1);
  expect(lost.output()).toMatch(/LARDER_PROJECTS is not a setting[\s\S]*LARDER_DATABASE_URL is missing/);

  const evicting = await startTestRedis({ 'maxmemory-policy': 'allkeys-lru' });
  const refused = start({ ...environment(config), LARDER_REDIS_URL: evicting.url });
  expect(await refused.exited).toBe(1);
  expect(refused.output()).toMatch(/REDIS_POLICY_WRONG: .*CONFIG SET maxmemory-policy noeviction/);
  await evicting.stop();
});
