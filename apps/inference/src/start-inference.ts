import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { actingAs, cannotListen, newId, systemClock, type Logger } from '@larder/core';
import { createMeters } from '@larder/core/metrics';
import { loadProject } from '@larder/features';
import { createEventGroups } from '@larder/materialization/events';
import { createPressureReader } from '@larder/materialization/pressure';
import { createPushGroups } from '@larder/materialization/push';
import { startIncidents } from '@larder/operations';
import {
  announceProcess,
  createPredictionLog,
  startSequencer,
  projectKeyHasher,
  withinDeadline,
} from '@larder/offline-store';
import { checkRedisPolicy, createOnlineStore, holdsNoRows, redisMemory } from '@larder/online-store';
import { createArtifactStore, openReceipts } from '@larder/registry';
import { openDoor } from './access/open-door.ts';
import type { Config } from './config.ts';
import { createApp } from './create-app.ts';
import { closeServer, createHttpServer, predictFirst } from './create-server.ts';
import { createBodyRoom } from './http/body-room.ts';
import { createUnreadAnswers } from './http/unread-answers.ts';
import { createFailureLog } from './http/failure-log.ts';
import { createReadiness } from './health/readiness.ts';
import { collectDatabaseFacts } from './metrics/collect-database-facts.ts';
import { createDatabaseFacts } from './metrics/database-facts.ts';
import { createMetrics } from './metrics/create-metrics.ts';
import { aliasesInService } from './metrics/aliases-in-service.ts';
import { createModelCatalog } from './models/model-catalog.ts';
import { startIdleMemory } from './idle-memory.ts';
import { warnUnreadable } from './models/warn-unreadable.ts';
import { openDatabase, openLogReader, openRedis } from './open-stores.ts';
import { createPredictHandler, type RawHandler } from './predict/predict.handler.ts';
import { createRoutes } from './routes/create-routes.ts';
import { createComparisons } from './comparisons/create-comparisons.ts';
import { createBuilds } from './training-sets/create-builds.ts';
import { createRowsStream } from './training-sets/stream-rows.ts';
import { foldersOf, sweepFolder } from './training-sets/sweep-folder.ts';
import { createRunEvents } from './runs/run-events.ts';

export interface Inference {
  /** Listening address: `http://127.0.0.1:6570`. */
  readonly url: string;
  /** Leaves the load balancer, finishes running requests, flushes the prediction log, closes the stores. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** How predict and the other routes share the port; the benchmarks compare alternatives. @default predict first, then Express */
  readonly compose?: (predict: RawHandler, app: RequestListener) => RequestListener;
  /** @default true; false only where the cost of the log is measured */
  readonly logPredictions?: boolean;
}

const DRAIN_DEADLINE_MS = 10_000;
const READINESS_TIMEOUT_MS = 500;
const PRESSURE_TIMEOUT_MS = 1_000;

/**
 * Starts the service, even when stores are down.
 * @throws PROJECT_NOT_FOUND, PROJECT_NOT_LOADABLE, DEFINITION_INVALID, REDIS_POLICY_WRONG, DATABASE_TOO_OLD,
 * DATABASE_UNAVAILABLE when PostgreSQL refuses the login, CONFIGURATION_INVALID when the port is taken
 */
export function startInference(
  config: Config,
  logger: Logger,
  options: StartOptions = {},
): Promise<Inference> {
  return actingAs({ actor: 'service' }, () => start(config, logger, options));
}

async function start(config: Config, logger: Logger, options: StartOptions): Promise<Inference> {
  // A model without its artifact is not ready; the others answer.
  const project = await loadProject(config.projectPath, { artifacts: 'optional' });
  const redis = await openRedis(config, logger);
  const offlineStore = await openDatabase(config, logger).catch((error: unknown) => {
    redis.disconnect();
    throw error;
  });
  const onlineStore = createOnlineStore({
    redis,
    project: project.name,
    keyHasher: () => projectKeyHasher(offlineStore, project.name),
  });
  const logReader = openLogReader(config, logger);
  const predictionLog = createPredictionLog({
    store: offlineStore,
    project: project.name,
    logger,
    durable: config.predictionLog.durable,
    capacity: config.predictionLog.records,
    capacityBytes: config.predictionLog.bytes,
  });
  const stores = { project, onlineStore, offlineStore };
  const artifacts = createArtifactStore({ store: offlineStore, ...config.artifacts, logger });
  const meters = createMeters('inference');
  const ages = meters.histogram('larder_view_age_seconds');
  const catalog = await createModelCatalog({
    ...stores,
    agesOf: (view) => ages({ view }),
    artifacts,
    predictionLog: options.logPredictions === false ? null : predictionLog,
    clock: systemClock,
    logger,
    askedVersions: config.explicitVersions,
  });
  const events = createRunEvents({ offlineStore, project: project.name, logger });
  let closing = false;
  const checkRedis = () => checkRedisPolicy(redis, { timeoutMs: READINESS_TIMEOUT_MS });
  const readiness = createReadiness({
    checkRedis,
    checkDatabase: () => offlineStore.pool.query('select 1'),
    catalog,
    closing: () => closing,
    logger,
  });
  const pressure = createPressureReader(offlineStore, project.name);
  collectDatabaseFacts(
    meters,
    createDatabaseFacts({ store: offlineStore, manifest: () => catalog.manifest() }),
  );
  const metrics = createMetrics(meters, {
    readiness: () => readiness.check(),
    viewReadings: () => catalog.readings.list(),
    featureReadings: () => catalog.readings.features(),
    databasePools: { main: offlineStore.pool, log_reader: logReader.pool },
    predictionLog,
    modelRuns: () => catalog.runCounts(),
    // A scrape must not wait for a PostgreSQL that hangs.
    queuePressure: () => withinDeadline(pressure(), PRESSURE_TIMEOUT_MS),
    definitionsNotLoaded: () => catalog.mismatches().length,
    modelsNotReady: () => catalog.problems().size,
    aliases: () => aliasesInService(catalog.models()),
  });
  const bodies = createBodyRoom(config.bufferBytes);
  const answers = createUnreadAnswers(config.bufferBytes);
  const forPushes = { offlineStore, onlineStore, clock: systemClock, logger };
  const pushes = createPushGroups(forPushes);
  const eventGroups = createEventGroups(forPushes);
  const processId = newId();
  const { trainingSets } = config;
  const { niceness } = trainingSets;
  const builds = createBuilds({ store: offlineStore, logger, waiting: trainingSets.queue, niceness });
  const rows = createRowsStream(foldersOf(trainingSets.folder).temporary, niceness);
  const comparisons = createComparisons(niceness, logger);
  const routes = createRoutes({
    ...stores,
    checkRedis,
    holdsNoRows: (name, views) => holdsNoRows(redis, name, views),
    redisMemory: () => redisMemory(redis),
    logReader,
    predictionLogMs: config.predictionLog.retentionMs,
    artifacts,
    receipts: config.receiptsUrl === null ? null : openReceipts(config.receiptsUrl),
    pushes,
    eventGroups,
    catalog,
    events,
    metrics,
    pressure,
    answers,
    readiness,
    logger,
    training: { config, processId, builds, rows },
    comparisons: { config, comparisons },
  });
  const failures = createFailureLog({ logger });
  const unreadable = warnUnreadable({ readings: catalog.readings, logger });
  const door = await openDoor({ config, project: project.name, metrics, logger });
  meters.collect('larder_api_keys_age_seconds', (report) => {
    const ageMs = door.keysAgeMs();
    if (ageMs !== null) report({}, ageMs / 1_000);
  });
  const app = createApp({ metrics, logger, failures, bodies, answers, door, routes });
  const predict = createPredictHandler({
    findModel: (name) => catalog.find(name),
    metrics,
    failures,
    bodies,
    answers,
  });
  const server = createHttpServer((options.compose ?? predictFirst)(predict, app), {
    failures,
    guard: door.guard,
    allowedHosts: config.allowedHosts,
    maxConnections: config.maxConnections,
  });
  const url = await listen(server, config);
  // Pushes land in this process, even when no worker runs.
  const sequencer = startSequencer({ store: offlineStore, logger });
  // No worker could tell that no worker runs.
  const incidents = startIncidents({
    store: offlineStore,
    applied: () => catalog.manifest(),
    holdsNoRows: (name, views) => holdsNoRows(redis, name, views),
    redisMemory: () => redisMemory(redis),
    webhook: config.webhook,
    logger,
  });
  const memory = startIdleMemory();
  const sweep = sweepFolder({ ...trainingSets, logger });
  const announced = announceProcess(
    offlineStore,
    {
      processId,
      project: project.name,
      role: 'inference',
      describe: () => ({ models: catalog.loadedModels(), logDropped: predictionLog.stats().dropped }),
    },
    { logger },
  );
  catalog.onChange(() => announced.announceNow());
  if (['0.0.0.0', '::'].includes(config.host) && config.allowedHosts.length === 0)
    logger.warn(
      'Requests that name this service by a host name are refused until LARDER_ALLOWED_HOSTS lists it',
    );
  return {
    url,
    async close() {
      closing = true;
      // Load balancers learn of it from /health/ready; until they have, they send more requests.
      server.endConnections();
      await delay(config.drainMs);
      memory.close();
      events.close();
      rows.close();
      await Promise.all([builds.close(), comparisons.close()]);
      await closeServer(server, DRAIN_DEADLINE_MS);
      await Promise.all([sweep.stop(), pushes.close(), eventGroups.close()]);
      // Together: each waits a few seconds for a PostgreSQL that hangs.
      await Promise.all([announced.close(), catalog.close(), sequencer.close(), incidents.stop()]);
      await artifacts.close();
      await predictionLog.close();
      failures.close();
      unreadable.close();
      redis.disconnect();
      await door.close();
      await logReader.close();
      await offlineStore.close();
    },
  };
}

const PORTS_TRIED = 100;

async function listen(server: Server, { host, port: first, portIsChosen }: Config): Promise<string> {
  // A chosen port is somebody's address: it is never replaced by another.
  const last = portIsChosen ? first : first + PORTS_TRIED;
  for (let port = first; ; port++) {
    const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      server.once('error', resolve);
      server.listen(port, host, () => {
        server.off('error', resolve);
        resolve(null);
      });
    });
    if (error === null) break;
    if (error.code !== 'EADDRINUSE' || port >= last)
      throw cannotListen({ host, port, setting: 'LARDER_PORT' }, error);
  }
  const bound = server.address() as AddressInfo;
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}
