import { CONFIG_PATH, test as base } from '@larder/materialization/fixtures';
import { startPostgresProxy } from '@larder/testing';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../fixtures/worker-process.ts';

const AWAY = 'The worker is waiting for PostgreSQL';

const test = base.extend<{ startWaiting: (databaseUrl: string) => Promise<WorkerProcess> }>({
  startWaiting: async ({ shop }, use) => {
    await use(async (databaseUrl) => {
      const worker = await startWorkerProcess({
        script: 'src/main.ts',
        readyText: AWAY,
        env: {
          LARDER_PROJECT: CONFIG_PATH,
          LARDER_DATABASE_URL: databaseUrl,
          LARDER_REDIS_URL: shop.redisUrl,
          LARDER_WORKER_METRICS_PORT: '0',
        },
      });
      onTestFinished(() => worker.kill('SIGKILL'));
      return worker;
    });
  },
});

describe('a worker that starts while PostgreSQL is down', () => {
  test('logs it, stays alive, and runs once PostgreSQL is up', async ({ shop, startWaiting }) => {
    const proxy = await startPostgresProxy(shop.databaseUrl);
    await proxy.cut();
    const worker = await startWaiting(proxy.url);
    const port = /"metricsPort":(\d+)/.exec(worker.output())?.[1];
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(503);

    await proxy.restore();
    await vi.waitFor(() => expect(worker.output()).toContain('The worker is running'), { timeout: 60_000 });
    expect(worker.output().split(AWAY)).toHaveLength(2);
    expect(worker.output()).not.toContain('password');
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
    await proxy.cut();
  });

  test('stops at SIGTERM', async ({ shop, startWaiting }) => {
    const proxy = await startPostgresProxy(shop.databaseUrl);
    await proxy.cut();
    const worker = await startWaiting(proxy.url);
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
  });

  test('ends with the reason when PostgreSQL refuses it', async ({ shop }) => {
    const worker = await startWorkerProcess({
      script: 'src/main.ts',
      mayEnd: true,
      env: {
        LARDER_PROJECT: CONFIG_PATH,
        LARDER_DATABASE_URL: shop.databaseUrl.replace(/\/t_\w+/, '/no_such_database'),
        LARDER_REDIS_URL: shop.redisUrl,
      },
    });
    expect(await worker.exited()).toBe(1);
    expect(worker.output()).toMatch(
      /DATABASE_UNAVAILABLE: .*the database named in LARDER_DATABASE_URL does not exist/,
    );
  });
});
