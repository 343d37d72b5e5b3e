import { startPostgresProxy } from '@larder/testing';
import { newId, type Logger } from '@larder/core';
import { expect, onTestFinished } from 'vitest';
import { createOfflineStore, type OfflineStore } from '../index.ts';
import { silent, test } from '../testing/store.ts';
import {
  announceProcess,
  type AnnouncedProcess,
  type Announcement,
  type Capabilities,
} from './announce-process.ts';
import { coldProcesses, listProcesses, readersOf, workersOf } from './list-processes.ts';

const IMAGE = { view: 'ad_image', version: 1, fingerprint: 'f1' };
const CTR = { model: 'ad_ctr', version: 3, ready: true, reads: ['ad_image@1', 'ad_text@2'] };
const FAR = 1_000_000;

interface Announcing {
  readonly store: OfflineStore;
  readonly project: string;
  readonly intervalMs?: number;
}

function announce(
  { store, project, intervalMs = 50 }: Announcing,
  { views, models, ...changes }: Partial<Announcement> & Capabilities,
): AnnouncedProcess & { readonly processId: string; now: Capabilities } {
  const processId = newId();
  const described = { processId, now: { views: views ?? [], models: models ?? [] } as Capabilities };
  const announced = announceProcess(
    store,
    { processId, project, role: 'worker', describe: () => described.now, ...changes },
    { logger: silent, intervalMs },
  );
  onTestFinished(() => announced.close());
  return Object.assign(described, announced);
}

const age = (store: OfflineStore, processId: string) =>
  store.pool.query(
    `update larder.processes set heartbeat_at = now() - interval '21 seconds' where process_id = $1`,
    [processId],
  );

test.for([
  [600_000, 'warn: The clock of this machine is 600 s ahead of'],
  [-600_000, 'warn: The clock of this machine is 600 s behind'],
] as const)('a process whose clock is apart says so once: %d ms', async ([offMs, said], { store }) => {
  const lines: string[] = [];
  const logger = Object.assign(Object.create(silent) as Logger, {
    warn: (_: unknown, text: string) => void lines.push(`warn: ${text}`),
    info: (text: string) => void lines.push(`info: ${text}`),
  });
  let off = offMs as number;
  const announced = announceProcess(
    store,
    { processId: newId(), project: newId(), role: 'worker', describe: () => ({}) },
    { logger, intervalMs: 20, clock: { nowMs: () => Date.now() + off } },
  );
  onTestFinished(() => announced.close());
  await expect.poll(() => lines).toEqual([expect.stringContaining(said)]);
  off = 0;
  await expect
    .poll(() => lines)
    .toEqual([expect.stringContaining(said), 'info: The clock of this machine agrees with PostgreSQL again']);
});

test('a process is listed from its start to its end, with what it can compute', async ({ store }) => {
  const project = newId();
  const worker = announce({ store, project }, { views: [IMAGE], slots: 2 });
  await expect.poll(() => listProcesses(store, project)).toHaveLength(1);
  expect(await listProcesses(store, project)).toMatchObject([
    {
      processId: worker.processId,
      role: 'worker',
      pid: process.pid,
      larderVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
      views: [IMAGE],
      models: [],
      slots: 2,
    },
  ]);
  await worker.close();
  expect(await listProcesses(store, project)).toEqual([]);
});

test('a change is announced at once when the process says so', async ({ store }) => {
  const project = newId();
  const hourly = { store, project, intervalMs: 3_600_000 };
  const service = announce(hourly, { role: 'inference', models: [CTR] });
  await expect.poll(() => listProcesses(store, project)).toMatchObject([{ models: [CTR] }]);
  const aliases = [{ alias: 'champion', move_id: 12, problem: null }];
  service.now = { models: [{ ...CTR, version: 4, aliases }] };
  service.announceNow();
  await expect
    .poll(() => listProcesses(store, project))
    .toMatchObject([{ models: [{ version: 4, aliases }] }]);
});

test('processes that compute a view, that read it and that are not warm: one query each', async ({
  store,
}) => {
  const project = newId();
  const worker = announce({ store, project }, { views: [IMAGE, { ...IMAGE, version: 2 }] });
  const cold = announce(
    { store, project },
    { role: 'inference', models: [CTR, { ...CTR, model: 'new', ready: false, reads: [] }] },
  );
  announce({ store, project }, { role: 'inference', models: [{ ...CTR, reads: ['ad_image@2'] }] });
  await expect.poll(() => listProcesses(store, project)).toHaveLength(3);
  const ids = (processes: readonly { processId: string }[]) => processes.map(({ processId }) => processId);
  expect(ids(await workersOf(store, project, { view: 'ad_image', version: 1 }))).toEqual([worker.processId]);
  expect(await workersOf(store, project, { view: 'ad_image', version: 3 })).toEqual([]);
  expect(ids(await readersOf(store, project, 'ad_image@1'))).toEqual([cold.processId]);
  expect(ids(await coldProcesses(store, project))).toEqual([cold.processId]);
  cold.now = { models: [CTR] };
  await expect.poll(() => coldProcesses(store, project)).toEqual([]);
});

test('a silent process is not listed, and any live process removes its row', async ({ store }) => {
  const project = newId();
  const dead = announce({ store, project, intervalMs: FAR }, {});
  await expect.poll(() => listProcesses(store, project)).toHaveLength(1);
  await age(store, dead.processId);
  expect(await listProcesses(store, project)).toEqual([]);
  announce({ store, project }, {});
  const row = () =>
    store.pool.query('select 1 from larder.processes where process_id = $1', [dead.processId]);
  await expect.poll(async () => (await row()).rowCount).toBe(0);
});

test('a process that was considered dead announces itself again, with its start time', async ({ store }) => {
  const project = newId();
  const frozen = announce({ store, project }, { views: [IMAGE] });
  await expect.poll(() => listProcesses(store, project)).toHaveLength(1);
  const [before] = await listProcesses(store, project);
  await store.pool.query('delete from larder.processes where process_id = $1', [frozen.processId]);
  await expect.poll(() => listProcesses(store, project)).toHaveLength(1);
  const [after] = await listProcesses(store, project);
  expect(after?.views).toEqual([IMAGE]);
  expect(Math.abs(Number(after?.startedAt) - Number(before?.startedAt))).toBeLessThan(10_000);
});

test('a database that is down delays neither the process nor its shutdown', async ({ database, store }) => {
  const project = newId();
  const proxy = await startPostgresProxy(database.url);
  const over = createOfflineStore({ databaseUrl: proxy.url, logger: silent });
  onTestFinished(async () => {
    await over.close();
    await proxy.cut();
  });
  await proxy.cut();
  const worker = announce({ store: over, project }, { views: [IMAGE] });
  worker.now = { views: [] };
  await proxy.restore();
  await expect.poll(() => listProcesses(store, project), { timeout: 60_000 }).toMatchObject([{ views: [] }]);
  await proxy.cut();
  await worker.close();
  await age(store, worker.processId);
  expect(await listProcesses(store, project)).toEqual([]);
});
