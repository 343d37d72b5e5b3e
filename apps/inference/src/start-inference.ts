import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LarderError, isLarderError, systemClock, type Logger } from '@larder/core';
import { loadProject, type Manifest } from '@larder/features';
import { createOfflineStore, createPredictionLog, migrate } from '@larder/offline-store';
import { checkRedisPolicy, connectRedis, createOnlineStore, type Redis } from '@larder/online-store';
import type { Config } from './config.ts';
import { createApp } from './create-app.ts';
import { closeServer, createHttpServer, predictFirst } from './create-server.ts';
import { readiness } from './health/readiness.ts';
import { createMetrics } from './metrics/create-metrics.ts';
import { createModelCatalog } from './models/model-catalog.ts';
import { createPredictHandler, type RawHandler } from './predict/predict.handler.ts';
import { backfillsRoutes } from './routes/backfills.routes.ts';
import { docsRoutes } from './routes/docs.routes.ts';
import { entitiesRoutes } from './routes/entities.routes.ts';
import { healthRoutes } from './routes/health.routes.ts';
import { metricsRoutes } from './routes/metrics.routes.ts';
import { modelsRoutes } from './routes/models.routes.ts';
import { runsRoutes } from './routes/runs.routes.ts';
import { createRunEvents } from './runs/run-events.ts';

export interface Inference {
  /** Where it listens: `http://127.0.0.1:6570`. */
  readonly url: string;
  /** Ends what runs, writes the prediction log out, lets go of the stores. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** How predict and everything else share the port; the benchmarks compare ways. @default predict first, then Express */
  readonly compose?: (predict: RawHandler, app: RequestListener) => RequestListener;
}

const DRAIN_DEADLINE_MS = 10_000;
const START_TIMEOUT_MS = 5_000;
const READINESS_TIMEOUT_MS = 500;

/** Starts the service; stores that are away make it not ready, they do not keep it from starting. @throws PROJECT_NOT_FOUND, DEFINITION_INVALID, REDIS_POLICY_WRONG */
export async function startInference(
  config: Config,
  logger: Logger,
  options: StartOptions = {},
): Promise<Inference> {
  const project = await loadProject(config.projectPath);
  const redis = connectRedis(config.redisUrl, { role: 'serving', logger });
  await refuseWrongPolicy(redis, logger);
  const offlineStore = createOfflineStore({ databaseUrl: config.databaseUrl, logger });
  await migrate(offlineStore).catch((error: unknown) =>
    logger.warn({ err: error }, 'The database could not be migrated yet'),
  );
  const onlineStore = createOnlineStore({ redis, project: project.name });
  const predictionLog = createPredictionLog({ store: offlineStore, project: project.name, logger });
  const clock = systemClock;
  const catalog = await createModelCatalog({
    project,
    onlineStore,
    offlineStore,
    predictionLog,
    clock,
    logger,
  });
  const events = createRunEvents({ offlineStore, project: project.name, logger });
  const metrics = createMetrics({
    viewReadings: () => catalog.readings.list(),
    predictionLog: () => predictionLog.stats(),
    definitionsNotLoaded: () => catalog.mismatches().length,
    modelsNotReady: () => catalog.unavailable().size,
  });
  const applied = (): Manifest => {
    const manifest = catalog.manifest();
    if (manifest !== null) return manifest;
    throw new LarderError(
      'DEFINITION_NOT_LOADED',
      "Nothing is applied yet, or it could not be read; run 'larder apply'.",
      { retryAfterSeconds: 5 },
    );
  };
  let closing = false;
  const app = createApp({
    metrics,
    logger,
    routes: [
      modelsRoutes(),
      entitiesRoutes({
        onlineStore,
        offlineStore,
        clock,
        manifest: () => catalog.manifest() ?? project.manifest,
      }),
      backfillsRoutes({ offlineStore, manifest: applied }),
      runsRoutes({ offlineStore, project: project.name, events }),
      healthRoutes({
        readiness: () =>
          readiness({
            checkRedis: () => checkRedisPolicy(redis, { timeoutMs: READINESS_TIMEOUT_MS }),
            checkDatabase: () => offlineStore.pool.query('select 1'),
            catalog,
            closing: () => closing,
          }),
      }),
      metricsRoutes(metrics.registry),
      docsRoutes({ models: () => catalog.descriptions() }),
    ],
  });
  const predict = createPredictHandler({ findModel: (name) => catalog.find(name), metrics, logger });
  const server = createHttpServer((options.compose ?? predictFirst)(predict, app));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async close() {
      closing = true;
      events.close();
      await closeServer(server, DRAIN_DEADLINE_MS);
      await catalog.close();
      await predictionLog.close();
      redis.disconnect();
      await offlineStore.close();
    },
  };
}

/** A Redis that is away is waited for by readiness; one that would evict features is refused. @throws REDIS_POLICY_WRONG */
async function refuseWrongPolicy(redis: Redis, logger: Logger): Promise<void> {
  try {
    await checkRedisPolicy(redis, { timeoutMs: START_TIMEOUT_MS });
  } catch (error) {
    if (!isLarderError(error) || error.code !== 'ONLINE_STORE_UNAVAILABLE') {
      redis.disconnect();
      throw error;
    }
    logger.warn({ err: error }, 'Redis is away');
  }
}
