import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import { createBackfill, getRun } from '@larder/materialization/runs';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { applyManifest } from '@larder/registry';
import { test } from '@larder/testing';
import { expect, inject, onTestFinished } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../fixtures/worker-process.ts';

const CONFIG = `
  import { artifact, computeWith, entity, f, featureView, project } from '@larder/features';
  import { sqlSource } from '@larder/sources';
  export default project('lengths');
  export const lengths = featureView('lengths', {
    version: 1,
    entity: entity('road', { road_id: f.string() }),
    ttl: 'forever',
    source: sqlSource({ connection: 'roads', query: "select 'a' as road_id, 2 as metres, timestamptz '2026-03-01' as event_timestamp" }),
    compute: computeWith(import.meta.url, () => import('./length.ts'), { artifacts: { unit: artifact('unit') } }),
    schema: { length: f.float64() },
  });`;
const COMPUTATION = `
  import { readFile } from 'node:fs/promises';
  async function createComputation({ artifactPaths }) {
    const factor = Number(await readFile(artifactPaths.unit + '/factor.txt', 'utf8'));
    return {
      compute: async (rows) => rows.map(({ metres }) => ({ values: { length: metres * factor } })),
      close: async () => {},
    };
  }
  export default { createComputation };`;

test('a worker computes with the artifact that is applied, whatever became of its folder', async ({
  database,
  redis,
}) => {
  // Inside the repository, where the project finds its packages.
  const root = join(inject('testFolder'), 'applied-artifacts');
  const unit = join(root, 'unit');
  const configPath = join(root, 'larder.config.ts');
  await mkdir(unit, { recursive: true });
  await writeFile(configPath, CONFIG);
  await writeFile(join(root, 'length.ts'), COMPUTATION);
  await writeFile(join(unit, 'factor.txt'), '3');
  const logger = createLogger('test', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(() => store.close());
  await migrate(store);
  const { manifest } = await loadProject(configPath);
  // As the release before applied: nothing is in the artifact store yet.
  await applyManifest(store, manifest, { actor: 'test' });

  const workers: WorkerProcess[] = [];
  onTestFinished(async () => {
    for (const worker of workers) {
      worker.kill('SIGKILL');
      await worker.exited();
    }
  });
  const computed = async (): Promise<number> => {
    const worker = await startWorkerProcess({
      env: {
        LARDER_PROJECT: configPath,
        LARDER_DATABASE_URL: database.url,
        LARDER_REDIS_URL: redis.url,
        LARDER_CONNECTION_ROADS_URL: database.url,
        LARDER_WORKER_SLOTS: '1',
        LARDER_LOG_LEVEL: 'info',
      },
    });
    workers.push(worker);
    const { runId } = await createBackfill(store, {
      manifest,
      view: 'lengths',
      scope: { all: true },
      force: true,
    });
    const status = async () => (await getRun(store, 'lengths', runId)).status;
    await expect.poll(status, { timeout: 60_000, interval: 50 }).toMatch(/succeeded|failed|partial/);
    expect(await getRun(store, 'lengths', runId)).toMatchObject({ status: 'succeeded', rows: { done: 1 } });
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
    expect(worker.output()).not.toContain('differently');
    const { rows } = await store.pool.query<{ length: number }>(
      'select length from lengths_history.lengths_v1 order by landed_at desc limit 1',
    );
    return rows[0]?.length ?? Number.NaN;
  };

  expect(await computed()).toBe(6);
  await writeFile(join(unit, 'factor.txt'), '5');
  expect(await computed()).toBe(6);
  await rm(unit, { recursive: true });
  await rm(join(root, '.larder'), { recursive: true });
  expect(await computed()).toBe(6);
});
