import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LarderError, isLarderError, newId, systemClock, type Logger } from '@larder/core';
import { loadProject, type LoadedProject, type Manifest } from '@larder/features';
import {
  announceProcess,
  createOfflineStore,
  createPredictionLog,
  migrate,
  startSequencer,
  type OfflineStore,
} from '@larder/offline-store';
import {
  checkRedisPolicy,
  connectRedis,
  createOnlineStore,
  type OnlineStore,
  type Redis,
} from '@larder/online-store';
import type { Router } from 'express';
import type { Config } from './config.ts';
import { createApp } from './create-app.ts';
import { closeServer, createHttpServer, predictFirst } from './create-server.ts';
import { createBodyRoom } from './http/body-room.ts';
import { createUnreadAnswers, type UnreadAnswers } from './http/unread-answers.ts';
import { createFailureLog } from './http/failure-log.ts';
import { createReadiness, type Readiness } from './health/readiness.ts';
import { createMetrics, type Metrics } from './metrics/create-metrics.ts';
import { createModelCatalog, type ModelCatalog } from './models/model-catalog.ts';
import { startIdleMemory } from './idle-memory.ts';
import { warnUnreadable } from './models/warn-unreadable.ts';
import { createPredictHandler, type RawHandler } from './predict/predict.handler.ts';
import { backfillsRoutes } from './routes/backfills.routes.ts';
import { docsRoutes } from './routes/docs.routes.ts';
import { entitiesRoutes } from './routes/entities.routes.ts';
import { featuresRoutes } from './routes/features.routes.ts';
import { healthRoutes } from './routes/health.routes.ts';
import { metricsRoutes } from './routes/metrics.routes.ts';
import { modelsRoutes } from './routes/models.routes.ts';
import { processesRoutes } from './routes/processes.routes.ts';
import { pushRoutes } from './routes/push.routes.ts';
import { runsRoutes } from './routes/runs.routes.ts';
import { viewsRoutes } from './routes/views.routes.ts';
import { createRunEvents, type RunEvents } from './runs/run-events.ts';

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
/** Callers wait for these; the prediction log and landings set their own. */
const DATABASE_LIMITS = { connectTimeoutMs: 2_000, statementTimeoutMs: 4_000 };
const START_TIMEOUT_MS = 5_000;
const READINESS_TIMEOUT_MS = 500;

/**
 * Starts the service. Stores that are away do not keep it from starting.
 * @throws PROJECT_NOT_FOUND, PROJECT_NOT_LOADABLE, DEFINITION_INVALID, REDIS_POLICY_WRONG
 */
export async function startInference(
  config: Config,
  logger: Logger,
  options: StartOptions = {},
): Promise<Inference> {
  // a model without its artifact is not ready; the others answer
  const project = await loadProject(config.projectPath, { modelsMayBeAbsent: true });
  const redis = await openRedis(config, logger);
  const offlineStore = await openDatabase(config, logger);
  const onlineStore = createOnlineStore({ redis, project: project.name });
  const predictionLog = createPredictionLog({
    store: offlineStore,
    project: project.name,
    logger,
    durable: config.predictionLog.durable,
    capacity: config.predictionLog.records,
    capacityBytes: config.predictionLog.bytes,
  });
  const stores = { project, onlineStore, offlineStore };
  const catalog = await createModelCatalog({ ...stores, predictionLog, clock: systemClock, logger });
  const events = createRunEvents({ offlineStore, project: project.name, logger });
  let closing = false;
  const readiness = createReadiness({
    checkRedis: () => checkRedisPolicy(redis, { timeoutMs: READINESS_TIMEOUT_MS }),
    checkDatabase: () => offlineStore.pool.query('select 1'),
    catalog,
    closing: () => closing,
    logger,
  });
  const metrics = createMetrics({
    readiness: () => readiness.check(),
    viewReadings: () => catalog.readings.list(),
    predictionLog,
    modelRuns: () => catalog.runCounts(),
    definitionsNotLoaded: () => catalog.mismatches().length,
    modelsNotReady: () => catalog.unavailable().size,
  });
  const bodies = createBodyRoom(config.bufferBytes);
  const answers = createUnreadAnswers(config.bufferBytes);
  const routes = routesOf({ ...stores, catalog, events, metrics, logger, answers, readiness });
  const failures = createFailureLog({ logger });
  const unreadable = warnUnreadable({ readings: catalog.readings, logger });
  const app = createApp({ metrics, logger, failures, bodies, answers, routes });
  const predict = createPredictHandler({
    findModel: (name) => catalog.find(name),
    metrics,
    failures,
    bodies,
    answers,
  });
  const server = createHttpServer((options.compose ?? predictFirst)(predict, app), {
    failures,
    allowedHosts: config.allowedHosts,
    maxConnections: config.maxConnections,
  });
  const url = await listen(server, config);
  // pushes land here, also where no worker runs
  const sequencer = startSequencer({ store: offlineStore, logger });
  const memory = startIdleMemory();
  const announced = announceProcess(
    offlineStore,
    {
      processId: newId(),
      project: project.name,
      role: 'inference',
      describe: () => ({ models: catalog.loadedModels() }),
    },
    { logger },
  );
  if (['0.0.0.0', '::'].includes(config.host) && config.allowedHosts.length === 0)
    logger.warn(
      'Requests that name this service by a host name are refused until LARDER_ALLOWED_HOSTS lists it',
    );
  return {
    url,
    async close() {
      closing = true;
      memory.close();
      events.close();
      await closeServer(server, DRAIN_DEADLINE_MS);
      await announced.close();
      await catalog.close();
      await sequencer.close();
      await predictionLog.close();
      failures.close();
      unreadable.close();
      redis.disconnect();
      await offlineStore.close();
    },
  };
}

interface RouteDeps {
  readonly project: LoadedProject;
  readonly onlineStore: OnlineStore;
  readonly offlineStore: OfflineStore;
  readonly catalog: ModelCatalog;
  readonly events: RunEvents;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  readonly answers: UnreadAnswers;
}

/** Everything that Express answers, in the order of the OpenAPI document. */
function routesOf(deps: RouteDeps): Router[] {
  const { project, onlineStore, offlineStore, catalog, events, metrics, logger, answers, readiness } = deps;
  const manifest = () => appliedOrThrow(catalog);
  return [
    modelsRoutes({ manifest, catalog }),
    viewsRoutes({ manifest }),
    featuresRoutes({ onlineStore, clock: systemClock, manifest, answers }),
    pushRoutes({ offlineStore, onlineStore, clock: systemClock, logger, manifest }),
    entitiesRoutes({
      onlineStore,
      offlineStore,
      clock: systemClock,
      manifest: () => catalog.manifest() ?? project.manifest,
    }),
    backfillsRoutes({ offlineStore, manifest }),
    runsRoutes({ offlineStore, project: project.name, events, manifest }),
    processesRoutes({ offlineStore, project: project.name }),
    healthRoutes(readiness),
    metricsRoutes(metrics.registry),
    docsRoutes({ models: () => catalog.descriptions() }),
  ];
}

function appliedOrThrow(catalog: ModelCatalog): Manifest {
  const manifest = catalog.manifest();
  if (manifest !== null) return manifest;
  throw new LarderError(
    'DEFINITION_NOT_LOADED',
    "Nothing is applied yet, or it could not be read; run 'larder apply'.",
    {
      retryAfterSeconds: 5,
    },
  );
}

/** A Redis that is away may come later; one that would evict features is refused. @throws REDIS_POLICY_WRONG */
async function openRedis(config: Config, logger: Logger): Promise<Redis> {
  const redis = connectRedis(config.redisUrl, { role: 'serving', logger });
  try {
    await checkRedisPolicy(redis, { timeoutMs: START_TIMEOUT_MS });
  } catch (error) {
    if (!isLarderError(error) || error.code !== 'ONLINE_STORE_UNAVAILABLE') {
      redis.disconnect();
      throw error;
    }
    logger.warn({ err: error }, 'Redis is away');
  }
  return redis;
}

async function openDatabase(config: Config, logger: Logger): Promise<OfflineStore> {
  const offlineStore = createOfflineStore({ ...DATABASE_LIMITS, databaseUrl: config.databaseUrl, logger });
  await migrate(offlineStore).catch((error: unknown) =>
    logger.warn({ err: error }, 'The database could not be migrated yet'),
  );
  return offlineStore;
}

async function listen(server: Server, { host, port }: Config): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}
