import { actingAs, type Logger } from '@larder/core';
import { loadProject, type Manifest } from '@larder/features';
import { createMaterializer, type MaterializerTimes } from '@larder/materialization';
import { eraseFromArchivesHere } from '@larder/materialization/erasure';
import { createOfflineStore, migrate, startSequencer, projectKeyHasher } from '@larder/offline-store';
import {
  checkRedisPolicy,
  connectRedis,
  createOnlineStore,
  holdsNoRows,
  redisMemory,
} from '@larder/online-store';
import {
  alignWithApplied,
  appliedManifest,
  createArtifactStore,
  ensureSchedules,
  keepSchedules,
  notLoaded,
  watchApplied,
  withAppliedArtifacts,
  type AppliedManifest,
} from '@larder/registry';
import { startIncidents } from '@larder/operations';
import { createArtifactFolders } from './artifact-folders.ts';
import type { Config } from './config.ts';
import { createPredictionModels } from './predictions/prediction-models.ts';
import { startCompletion } from './start-completion.ts';
import { startRetention } from './start-retention.ts';
import { openMetricsDoor } from './metrics-door.ts';
import { startMetricsServer } from './metrics-server.ts';
import { whenDatabaseAnswers } from './when-database-answers.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

const REDIS_TIMEOUT_MS = 10_000;
/** Less than the default grace period of orchestrators (30 s). */
const STOP_DEADLINE_MS = 20_000;

export interface RunningWorker {
  readonly metricsPort: number | null;
  /** Takes no more chunks, lets running ones finish, up to a deadline, and releases the others. */
  stop(): Promise<void>;
}

export interface StartWorkerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly times?: Partial<MaterializerTimes>;
  /** Called when its queue is stuck and only a new process can help. */
  readonly onWedged?: () => void;
}

/**
 * Starts a worker once PostgreSQL answers.
 * @throws PROJECT_NOT_LOADABLE, DEFINITION_INVALID, REDIS_POLICY_WRONG, ONLINE_STORE_UNAVAILABLE, DATABASE_UNAVAILABLE
 * when PostgreSQL refuses the login
 */
export function startWorker(options: StartWorkerOptions): Promise<RunningWorker> {
  return actingAs({ actor: 'worker' }, () => start(options));
}

async function start({ config, logger, times, onWedged }: StartWorkerOptions): Promise<RunningWorker> {
  // What is applied is in the artifact store, whatever became of the project's folders.
  const project = await loadProject(config.projectPath, { artifacts: 'optional' });
  const metrics = createWorkerMetrics();
  let ready = false;
  const { metricsPort, host, allowedHosts } = config;
  const { access, databaseUrl } = config;
  const door =
    metricsPort === null ? null : openMetricsDoor({ access, databaseUrl, project: project.name, logger });
  // Started first: orchestrators also check whether a waiting process is alive.
  const server =
    metricsPort === null || door === null
      ? null
      : await startMetricsServer(metrics, {
          host,
          port: metricsPort,
          allowedHosts,
          ready: () => ready,
          door,
        });
  if (door !== null) metrics.follow({ keysAgeMs: door.keysAgeMs });
  if (server !== null) logger.info({ metricsPort: server.port }, 'Metrics and health are served');
  // Two chunks per slot with a heartbeat each, plus the loops.
  const offlineStore = createOfflineStore({
    databaseUrl: config.databaseUrl,
    maxConnections: config.slots * 2 + 6,
    logger,
  });
  metrics.follow({ pool: offlineStore.pool });
  const redis = connectRedis(config.redisUrl, { role: 'worker', logger });
  const close = async (): Promise<void> => {
    await server?.close();
    await door?.close();
    redis.disconnect();
    await offlineStore.close();
  };
  try {
    const first = await whenDatabaseAnswers(async () => {
      await migrate(offlineStore);
      await ensureSchedules(offlineStore, project.name);
      return appliedManifest(offlineStore, project.name);
    }, logger);
    await checkRedisPolicy(redis, { timeoutMs: REDIS_TIMEOUT_MS, url: config.redisUrl });
    if (config.queueRedisUrl !== config.redisUrl) await checkQueueRedis(config.queueRedisUrl);
    const artifacts = createArtifactStore({ store: offlineStore, ...config.artifacts, logger });
    let applied: Manifest | null = first?.manifest ?? null;
    const align = async (newer: AppliedManifest | null): Promise<Manifest> =>
      withAppliedArtifacts(
        newer?.manifest ?? null,
        await alignWithApplied({ store: offlineStore, artifacts }, newer, project),
      );
    let loaded = await align(first);
    const report = (): void => {
      if (applied !== null) metrics.expect(Object.keys(applied.feature_views));
      if (applied === null) logger.warn({ project: project.name }, 'No definitions are applied yet');
      else for (const mismatch of notLoaded(applied, loaded)) logger.warn(mismatch.detail);
    };
    report();
    const watch = watchApplied({
      store: offlineStore,
      project: project.name,
      logger,
      knownId: first?.id ?? null,
      async onChange(newer) {
        loaded = await align(newer);
        applied = newer.manifest;
        report();
      },
    });
    const schedules = keepSchedules({ store: offlineStore, project: project.name, logger });
    const sequencer = startSequencer({ store: offlineStore, logger });
    const retention = startRetention({
      store: offlineStore,
      project: project.name,
      retention: config.retention,
      applied: () => applied,
      modelVersionsKept: config.modelVersionsKept,
      valueMemoryBytes: config.valueMemoryBytes,
      artifactsUrl: config.artifacts.url,
      logger,
    });
    const incidents = startIncidents({
      store: offlineStore,
      applied: () => applied,
      holdsNoRows: (name, views) => holdsNoRows(redis, name, views),
      redisMemory: () => redisMemory(redis),
      webhook: config.webhook,
      logger,
    });
    const completion = startCompletion({ store: offlineStore, project: project.name, logger });
    const materializer = createMaterializer({
      project,
      applied: () => applied,
      loaded: () => loaded,
      models: createPredictionModels({ store: offlineStore, artifacts, project: project.name }),
      artifactFolder: createArtifactFolders(artifacts, project),
      offlineStore,
      eraseFromArchives: eraseFromArchivesHere(offlineStore),
      onlineStore: createOnlineStore({
        redis,
        project: project.name,
        keyHasher: () => projectKeyHasher(offlineStore, project.name),
      }),
      queueRedisUrl: config.queueRedisUrl,
      slots: config.slots,
      valueMemoryBytes: config.valueMemoryBytes,
      connections: config.connections,
      observer: metrics.observer,
      ...(onWedged === undefined ? {} : { onWedged }),
      logger,
      threadLogLevel: config.logLevel,
      ...(times === undefined ? {} : { times }),
    });
    metrics.follow({ slots: () => materializer.slotsInUse() });
    ready = true;
    logger.info(
      { project: project.name, slots: config.slots, metricsPort: server?.port ?? null },
      'The worker is running',
    );
    return {
      metricsPort: server?.port ?? null,
      async stop() {
        ready = false;
        await materializer.stop({ deadlineMs: STOP_DEADLINE_MS });
        await Promise.all([
          watch.close(),
          schedules.stop(),
          sequencer.close(),
          retention.stop(),
          completion.stop(),
          incidents.stop(),
        ]);
        await artifacts.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function checkQueueRedis(url: string): Promise<void> {
  const redis = connectRedis(url, { role: 'worker' });
  try {
    await checkRedisPolicy(redis, { timeoutMs: REDIS_TIMEOUT_MS, url });
  } finally {
    redis.disconnect();
  }
}
