import { CONFIG_PATH, test } from '@larder/materialization/fixtures';
import { startTestRedis } from '@larder/testing';
import { describe, expect } from 'vitest';
import { startWorkerProcess } from '../fixtures/worker-process.ts';

const SCRIPT = { script: 'src/main.ts', readyText: 'The worker is running', mayEnd: true };

describe('main', () => {
  test('serves metrics and health, and stops at SIGTERM', async ({ shop }) => {
    const worker = await startWorkerProcess({
      ...SCRIPT,
      env: {
        LARDER_PROJECT: CONFIG_PATH,
        LARDER_DATABASE_URL: shop.databaseUrl,
        LARDER_REDIS_URL: shop.redisUrl,
        LARDER_WORKER_METRICS_PORT: '0',
      },
    });
    const port = /"metricsPort":(\d+)/.exec(worker.output())?.[1];
    expect(await (await fetch(`http://127.0.0.1:${port}/health/live`)).json()).toEqual({ live: true });
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('larder_chunks_total');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
  });

  test('refuses a wrong configuration and a Redis that would evict, and says what to do', async ({
    shop,
  }) => {
    const lost = await startWorkerProcess({ ...SCRIPT, env: { LARDER_PROJECTS: 'x' } });
    expect(await lost.exited()).toBe(2);
    expect(lost.output()).toMatch(/LARDER_PROJECTS is not a setting[\s\S]*LARDER_DATABASE_URL is missing/);

    const evicting = await startTestRedis({ 'maxmemory-policy': 'allkeys-lru' });
    const refused = await startWorkerProcess({
      ...SCRIPT,
      env: {
        LARDER_PROJECT: CONFIG_PATH,
        LARDER_DATABASE_URL: shop.databaseUrl,
        LARDER_REDIS_URL: shop.redisUrl,
        LARDER_QUEUE_REDIS_URL: evicting.url,
      },
    });
    expect(await refused.exited()).toBe(1);
    expect(refused.output()).toMatch(/REDIS_POLICY_WRONG: .*CONFIG SET maxmemory-policy noeviction/);
  });
});
