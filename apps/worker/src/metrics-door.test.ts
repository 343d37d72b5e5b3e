import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createKey } from '@larder/access';
import { createLogger, newId } from '@larder/core';
import { createOfflineStore, migrate, readAudit, type OfflineStore } from '@larder/offline-store';
import { test as base } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { openMetricsDoor } from './metrics-door.ts';
import { startMetricsServer } from './metrics-server.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

type Access = Parameters<typeof openMetricsDoor>[0]['access'];

const logger = createLogger('test', { level: 'silent' });
const LOCKED: Access = { auth: 'keys', publicRoutes: [], offlineMs: 60_000 };

const test = base.extend<{ $test: { store: OfflineStore; project: string } }>({
  project: async ({}, use) => use(newId()),
  store: async ({ database }, use) => {
    const store = createOfflineStore({ databaseUrl: database.url, logger });
    await migrate(store);
    await use(store);
    await store.close();
  },
});

async function keyOf(store: OfflineStore, project: string, role: string, requestsPerHour?: number) {
  const rate = requestsPerHour === undefined ? null : { requests: requestsPerHour, windowSeconds: 3_600 };
  const by = { actor: 'test', granted: null };
  return (await createKey(store, { project, name: role, role, scopes: [], rate, by })).text;
}

/** The metrics port of a worker: answers with its status, and with the text of the metrics. */
async function serve(databaseUrl: string, project: string, access: Access, allowedHosts: string[] = []) {
  const metrics = createWorkerMetrics();
  const door = openMetricsDoor({ access, databaseUrl, project, logger });
  metrics.follow({ keysAgeMs: door.keysAgeMs });
  const server = await startMetricsServer(metrics, {
    host: '127.0.0.1',
    port: 0,
    allowedHosts,
    ready: () => true,
    door,
  });
  const close = async () => {
    await server.close();
    await door.close();
  };
  const get = async (path: string, headers: Record<string, string> = {}) => {
    // fetch would not send another Host.
    const sent = request({ host: '127.0.0.1', port: server.port, path, headers, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, text: await text(answer) };
  };
  return { get, close, port: server.port };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test('the metrics of a worker obey the keys, its health does not', async ({ database, store, project }) => {
  const [scraper, caller] = [await keyOf(store, project, 'scraper'), await keyOf(store, project, 'caller')];
  const locked = await serve(database.url, project, LOCKED);
  onTestFinished(locked.close);
  const status = async (path: string, key?: string) =>
    (await locked.get(path, key === undefined ? {} : bearer(key))).status;
  expect([
    await status('/metrics'),
    await status('/metrics', 'lrd_live_x'),
    await status('/metrics', caller),
    await status('/metrics', scraper),
    await status('/health/live'),
    await status('/health/ready'),
  ]).toEqual([401, 401, 403, 200, 200, 200]);
  expect((await locked.get('/metrics', bearer(scraper))).text).toMatch(/^larder_api_keys_age_seconds \d/m);
  for (const access of [
    { ...LOCKED, publicRoutes: ['metrics'] },
    { ...LOCKED, auth: 'off' },
  ] as const) {
    const open = await serve(database.url, project, access);
    onTestFinished(open.close);
    const { status: answered, text: shown } = await open.get('/metrics');
    expect(answered).toBe(200);
    expect(shown).not.toMatch(/^larder_api_keys_age_seconds \d/m);
  }
});

test('an address that fails again and again is slowed down, a key by its rate, and the audit counts both', async ({
  database,
  store,
  project,
}) => {
  const [scraper, twice] = [
    await keyOf(store, project, 'scraper'),
    await keyOf(store, project, 'scraper', 2),
  ];
  const locked = await serve(database.url, project, LOCKED);
  const seen: number[] = [];
  while (seen.length < 1_000 && seen.at(-1) !== 429) seen.push((await locked.get('/metrics')).status);
  expect([seen.length > 100, seen.at(-1)]).toEqual([true, 429]);
  expect((await locked.get('/metrics', bearer(scraper))).status).toBe(200);
  const limited = [];
  for (let nth = 0; nth < 3; nth += 1) limited.push((await locked.get('/metrics', bearer(twice))).status);
  expect(limited).toEqual([200, 200, 429]);
  await locked.close();
  const { entries } = await readAudit(store, { project, outcome: 'refused' }, { limit: 10 });
  expect(
    entries.map(({ subject, code, actor, calls }) => `${code} ${subject} ${actor} ${calls}`).toSorted(),
  ).toEqual([
    `KEY_REQUIRED GET /metrics of a worker http from 127.0.0.1 ${seen.length - 1}`,
    'RATE_LIMITED GET /metrics of a worker api key scraper 1',
    'RATE_LIMITED GET /metrics of a worker http from 127.0.0.1 1',
  ]);
});

test('a name that is not of this machine is not answered unless it is allowed', async ({
  database,
  project,
}) => {
  const open = await serve(database.url, project, { ...LOCKED, auth: 'off' }, ['worker.example.com']);
  onTestFinished(open.close);
  const status = async (path: string, host: string) => (await open.get(path, { host })).status;
  expect([
    await status('/metrics', 'evil.example.com'),
    await status('/health/live', 'evil.example.com'),
    await status('/metrics', '10.1.2.3'),
    // A probe through an address that is not of this machine, such as a forwarded port.
    await status('/health/ready', '10.1.2.3'),
    await status('/metrics', 'localhost:6571'),
    await status('/metrics', 'worker.example.com:6571'),
  ]).toEqual([421, 421, 421, 200, 200, 200]);
});

test('idle connections neither pile up nor keep a probe out', async ({ database, project }) => {
  const { get, close, port } = await serve(database.url, project, { ...LOCKED, auth: 'off' });
  onTestFinished(close);
  let open = 0;
  const sockets = Array.from({ length: 300 }, () =>
    connect(port, '127.0.0.1')
      .on('connect', () => (open += 1))
      .on('close', () => (open -= 1))
      .on('error', () => {}),
  );
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await expect.poll(() => open, { timeout: 30_000 }).toBeLessThanOrEqual(256);
  await expect
    .poll(() => get('/health/live').catch(() => null), { timeout: 30_000 })
    .toMatchObject({ status: 200 });
});
