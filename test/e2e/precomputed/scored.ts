import { randomBytes } from 'node:crypto';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { createBackfill, getRun } from '@larder/materialization/runs';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { createOfflineStore, migrate, type OfflineStore } from '@larder/offline-store';
import { appliedManifest } from '@larder/registry';
import { test as base } from '@larder/testing';
import { expect, inject } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../../apps/worker/fixtures/worker-process.ts';
import { startInference, type Inference } from '../../../apps/inference/src/start-inference.ts';
import { readConfig } from '../../../apps/inference/src/config.ts';
import { applyFiles } from '../../../apps/inference/src/testing/apply-files.ts';

export const PATIENCE = { timeout: 150_000, interval: 20 };
const FEATURES = [
  'ad_image:embedding',
  'ad_image:clicks',
  'ad_stats:seen',
  'offer:minute',
  'offer:in_feed',
  'offer:worth',
];

/** The project of larder.config.ts with its tables, and the service and workers that the test starts. */
export interface Scored {
  readonly store: OfflineStore;
  readonly folder: string;
  readonly url: () => Promise<string>;
  sql<Row>(text: string): Promise<Row[]>;
  /** Writes another model and applies it; its version. */
  train(weight: number): Promise<void>;
  startWorker(): Promise<WorkerProcess>;
  killWorkers(): Promise<void>;
  /** Runs a backfill to its end. */
  backfill(view: string, scope?: object): Promise<Awaited<ReturnType<typeof getRun>>>;
  startBackfill(view: string): Promise<string>;
  ended(runId: string): Promise<Awaited<ReturnType<typeof getRun>>>;
  /** No run is open, and no change waits to be followed. */
  settled(): Promise<void>;
}

export const test = base.extend<{ $file: { scored: Scored } }>({
  scored: [
    async ({ database, redis }, use) => {
      const logger = createLogger('test', { level: 'silent' });
      const folder = join(inject('testFolder'), `scored-${randomBytes(4).toString('hex')}`);
      await mkdir(folder, { recursive: true });
      await cp(join(import.meta.dirname, 'larder.config.ts'), join(folder, 'larder.config.ts'));
      const store = createOfflineStore({ databaseUrl: database.url, maxConnections: 8, logger });
      await migrate(store);
      const env = {
        LARDER_PROJECT: join(folder, 'larder.config.ts'),
        LARDER_DATABASE_URL: database.url,
        LARDER_REDIS_URL: redis.url,
        LARDER_CACHE_FOLDER: join(folder, 'cache'),
        LARDER_LOG_LEVEL: 'warn',
      };
      const config = readConfig({ ...env, LARDER_LOG_LEVEL: 'silent', LARDER_PORT: '0' });
      const sql = async <Row>(text: string): Promise<Row[]> => (await store.pool.query(text)).rows as Row[];
      const workers: WorkerProcess[] = [];
      const killWorkers = async (): Promise<void> => {
        for (const worker of workers.splice(0)) {
          worker.kill('SIGKILL');
          await worker.exited();
        }
      };
      let inference: Promise<Inference> | undefined;
      const startBackfill = async (view: string, scope: object = { all: true }): Promise<string> => {
        const applied = await appliedManifest(store, 'scored');
        if (applied === null) throw new Error('Nothing is applied.');
        const { runId } = await createBackfill(store, {
          manifest: applied.manifest,
          view,
          scope: scope as { all: true },
        });
        return runId;
      };
      const ended = async (runId: string) => {
        await expect
          .poll(async () => (await getRun(store, 'scored', runId)).finishedAt, PATIENCE)
          .not.toBeNull();
        return getRun(store, 'scored', runId);
      };
      await use({
        store,
        folder,
        sql,
        url: async () => (await (inference ??= startInference(config, logger))).url,
        async train(weight) {
          await writeLogisticArtifact(join(folder, 'models/ad_ctr'), {
            features: FEATURES,
            weights: [0.5, -0.25, 0.125, weight, 0.75, 2, 0.3],
            imputed: 0.25,
          });
          await applyFiles({ config, offlineStore: store });
        },
        async startWorker() {
          const worker = await startWorkerProcess({
            env: { ...env, LARDER_CONNECTION_SHOP_URL: database.url, LARDER_WORKER_SLOTS: '2' },
          });
          workers.push(worker);
          return worker;
        },
        killWorkers,
        startBackfill,
        ended,
        backfill: async (view, scope) => ended(await startBackfill(view, scope)),
        settled: () =>
          expect
            .poll(
              () =>
                sql(`select 'run' as what, view from larder.runs where finished_at is null
                  union all select 'change', view from larder.unnumbered_changes
                  union all select 'chain', c.view from larder.chains c join larder.feeds f using (project)
                    where coalesce(split_part(c.cursor, '@', 1)::bigint, 0) < f.last_position`),
              PATIENCE,
            )
            .toEqual([]),
      });
      await killWorkers();
      await (await inference)?.close();
      await store.close();
    },
    { scope: 'file' },
  ],
});
