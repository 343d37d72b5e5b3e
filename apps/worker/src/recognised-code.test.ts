import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject, viewFingerprint } from '@larder/features';
import { createBackfill, getRun } from '@larder/materialization/runs';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { applyManifest } from '@larder/registry';
import { test } from '@larder/testing';
import { expect, inject, onTestFinished } from 'vitest';
import { startWorkerProcess } from '../fixtures/worker-process.ts';

const CONFIG = `
  import { computeWith, entity, f, featureView, project } from '@larder/features';
  import { sqlSource } from '@larder/sources';
  export default project('recognised');
  export const lengths = featureView('lengths', {
    version: 1,
    entity: entity('road', { road_id: f.string() }),
    ttl: 'forever',
    source: sqlSource({ connection: 'roads', query: "select 'a' as road_id, 2 as metres, timestamptz '2026-03-01' as event_timestamp" }),
    compute: computeWith(import.meta.url, () => import('./length.ts')),
    schema: { length: f.float64() },
  });`;
const COMPUTATION = `
  const createComputation = async () => ({
    compute: async (rows) => rows.map(({ metres }) => ({ values: { length: metres * 3 } })),
    close: async () => {},
  });
  export default { createComputation };`;

test('a worker computes a view that an earlier release applied with the same code', async ({
  database,
  redis,
}) => {
  // Inside the repository, where the project finds its packages.
  const root = join(inject('testFolder'), 'recognised-code');
  const configPath = join(root, 'larder.config.ts');
  await mkdir(root, { recursive: true });
  await writeFile(configPath, CONFIG);
  await writeFile(join(root, 'length.ts'), COMPUTATION);
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  onTestFinished(() => store.close());
  await migrate(store);
  const { manifest, code } = await loadProject(configPath);
  const view = manifest.feature_views['lengths@1'];
  const entity = manifest.entities['road'];
  if (!view?.compute || !entity) throw new Error('The project lacks its view.');
  const legacy = await code.computations.get('lengths@1')?.legacySha256();
  const compute = { ...view.compute, code_sha256: legacy ?? null };
  const before = { ...view, compute, fingerprint: viewFingerprint(entity, { ...view, compute }) };
  expect(before.fingerprint).not.toBe(view.fingerprint);
  const applied = { ...manifest, feature_views: { 'lengths@1': before } };
  await applyManifest(store, applied, { actor: 'the release before' });

  const worker = await startWorkerProcess({
    env: {
      LARDER_PROJECT: configPath,
      LARDER_DATABASE_URL: database.url,
      LARDER_REDIS_URL: redis.url,
      LARDER_CONNECTION_ROADS_URL: database.url,
      LARDER_WORKER_SLOTS: '1',
    },
  });
  onTestFinished(async () => {
    worker.kill('SIGKILL');
    await worker.exited();
  });
  const { runId } = await createBackfill(store, {
    manifest: applied,
    view: 'lengths',
    scope: { all: true },
    force: true,
  });
  const status = async () => (await getRun(store, 'recognised', runId)).status;
  await expect.poll(status, { timeout: 60_000, interval: 50 }).toMatch(/succeeded|failed|partial/);
  expect(await getRun(store, 'recognised', runId)).toMatchObject({ status: 'succeeded', rows: { done: 1 } });
});
