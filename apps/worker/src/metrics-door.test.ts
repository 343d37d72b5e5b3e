import { createKey } from '@larder/access';
import { createLogger, newId } from '@larder/core';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { test } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { openMetricsDoor } from './metrics-door.ts';
import { startMetricsServer } from './metrics-server.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

test('the metrics of a worker obey the keys, its health does not', async ({ database }) => {
  const logger = createLogger('test', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: database.url, logger });
  await migrate(store);
  onTestFinished(() => store.close());
  const project = newId();
  const make = (role: string) =>
    createKey(store, {
      project,
      name: role,
      role,
      scopes: [],
      rate: null,
      by: { actor: 'test', granted: null },
    });
  const [scraper, caller] = [await make('scraper'), await make('caller')];
  const serve = async (access: Parameters<typeof openMetricsDoor>[0]['access']) => {
    const door = openMetricsDoor({ access, databaseUrl: database.url, project, logger });
    const server = await startMetricsServer(createWorkerMetrics(), {
      host: '127.0.0.1',
      port: 0,
      ready: () => true,
      door,
    });
    onTestFinished(async () => {
      await server.close();
      await door.close();
    });
    return async (path: string, key?: string) => {
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers });
      await answer.text();
      return answer.status;
    };
  };
  const offlineMs = 60_000;
  const locked = await serve({ auth: 'keys', publicRoutes: [], offlineMs });
  expect([
    await locked('/metrics'),
    await locked('/metrics', 'lrd_live_x'),
    await locked('/metrics', caller.text),
    await locked('/metrics', scraper.text),
    await locked('/health/live'),
    await locked('/health/ready'),
  ]).toEqual([401, 401, 403, 200, 200, 200]);
  const open = await serve({ auth: 'keys', publicRoutes: ['metrics'], offlineMs });
  expect(await open('/metrics')).toBe(200);
  const off = await serve({ auth: 'off', publicRoutes: [], offlineMs });
  expect(await off('/metrics')).toBe(200);
});
