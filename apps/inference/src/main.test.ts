import { startTestRedis } from '@larder/testing';
import { expect } from 'vitest';
import { test } from './testing/inference-test.ts';
import { environmentOf, startProcess } from './testing/start-process.ts';

test('prints its address, answers, and stops at SIGTERM', async ({ service }) => {
  const started = startProcess(environmentOf(service.config));
  const url = await started.url();
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  started.kill('SIGTERM');
  expect(await started.exited).toBe(0);
  expect(started.output()).toContain('Listening');
  expect(started.output()).toContain('The service is stopping');
});

test('refuses a wrong configuration and a Redis that would evict, and says what to do', async ({
  config,
}) => {
  const lost = startProcess({ LARDER_PROJECTS: 'x' });
  expect(await lost.exited).toBe(2);
  expect(lost.output()).toMatch(/LARDER_PROJECTS is not a setting[\s\S]*LARDER_DATABASE_URL is missing/);

  const evicting = await startTestRedis({ 'maxmemory-policy': 'allkeys-lru' });
  const refused = startProcess({ ...environmentOf(config), LARDER_REDIS_URL: evicting.url });
  expect(await refused.exited).toBe(1);
  expect(refused.output()).toMatch(/REDIS_POLICY_WRONG: .*CONFIG SET maxmemory-policy noeviction/);
  await evicting.stop();
});
