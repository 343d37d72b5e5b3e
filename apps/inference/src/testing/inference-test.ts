import { join } from 'node:path';
import { createLogger, newId, type Logger } from '@larder/core';
import type { LoadedProject } from '@larder/features';
import { createOfflineStore, migrate, type OfflineStore, projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis, type OnlineStore } from '@larder/online-store';
import { openFixture } from '@larder/serving/testing';
import { test as base } from '@larder/testing';
import { inject } from 'vitest';
import type { Config } from '../config.ts';
import { startInference, type Inference } from '../start-inference.ts';
import { putAd, putShopper } from './ads.ts';
import { applyFiles } from './apply-files.ts';
import { createHttp, type Http } from './http.ts';

/** The service with the test file's own stores, the applied fixture project, a shopper and `ad-1`. */
export interface Service {
  readonly config: Config;
  readonly project: LoadedProject;
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly inference: Inference;
  readonly http: Http;
}

export const logger: Logger = createLogger('test', { level: 'silent' });

/** Listens on a free port; files of the service are below `folder`. */
export function configOf({
  projectPath,
  databaseUrl,
  redisUrl,
  folder,
}: Pick<Config, 'projectPath' | 'databaseUrl' | 'redisUrl'> & { readonly folder: string }): Config {
  return {
    projectPath,
    databaseUrl,
    redisUrl,
    webhook: null,
    receiptsUrl: null,
    artifacts: { url: null, cacheFolder: join(folder, 'cache') },
    host: '127.0.0.1',
    access: { auth: 'off', publicRoutes: [], offlineMs: 3_600_000 },
    allowedHosts: [],
    maxConnections: 2_048,
    drainMs: 0,
    bufferBytes: 64 * 2 ** 20,
    explicitVersions: 2,
    trainingSets: {
      folder: join(folder, `training-sets-${newId()}`),
      uploadBytes: 2 ** 20,
      queue: 2,
      memoryMb: 1_024,
      diskMb: 64,
      rows: 10_000,
      niceness: 0, // on a loaded machine it would wait for everybody else
      keptMs: 86_400_000,
      sql: false,
      connections: {},
    },
    port: 0,
    portIsChosen: true,
    logLevel: 'silent',
    predictionLog: {
      durable: false,
      records: 10_000,
      bytes: 64 * 2 ** 20,
      retentionMs: 90 * 86_400_000,
    },
  };
}

export const test = base.extend<{ $file: { config: Config; project: LoadedProject; service: Service } }>({
  project: [async ({}, use) => use(await openFixture(inject('testFolder'))), { scope: 'file' }],
  config: [
    async ({ database, redis, project }, use) => {
      await use(
        configOf({
          projectPath: project.configPath,
          databaseUrl: database.url,
          redisUrl: redis.url,
          folder: inject('testFolder'),
        }),
      );
    },
    { scope: 'file' },
  ],
  service: [
    async ({ config, project }, use) => {
      const offlineStore = createOfflineStore({ databaseUrl: config.databaseUrl, logger });
      await migrate(offlineStore);
      await applyFiles({ config, offlineStore });
      const redis = connectRedis(config.redisUrl, { role: 'worker' });
      await waitForRedis(redis, 30_000);
      const onlineStore = createOnlineStore({
        redis,
        project: project.name,
        keyHasher: () => projectKeyHasher(offlineStore, project.name),
      });
      await putShopper({ onlineStore, project });
      await putAd({ onlineStore, project }, 'ad-1');
      const inference = await startInference(config, logger);
      await use({ config, project, offlineStore, onlineStore, inference, http: createHttp(inference.url) });
      await inference.close();
      redis.disconnect();
      await offlineStore.close();
    },
    { scope: 'file' },
  ],
});
