import { LarderError, systemClock, type Logger } from '@larder/core';
import type { HoldsNoRows } from '@larder/operations';
import type { LoadedProject, Manifest } from '@larder/features';
import type { ReceiptPlace } from '@larder/materialization/erasure';
import type { EventGroups } from '@larder/materialization/events';
import type { Pressure } from '@larder/materialization/pressure';
import type { PushGroups } from '@larder/materialization/push';
import type { OfflineStore } from '@larder/offline-store';
import type { OnlineStore, RedisMemory } from '@larder/online-store';
import type { ArtifactStore } from '@larder/registry';
import type { Router } from 'express';
import type { Readiness } from '../health/readiness.ts';
import type { UnreadAnswers } from '../http/unread-answers.ts';
import type { Metrics } from '../metrics/create-metrics.ts';
import type { ModelCatalog } from '../models/model-catalog.ts';
import type { RunEvents } from '../runs/run-events.ts';
import { aliasesRoutes } from './aliases.routes.ts';
import { apiKeysRoutes } from './api-keys.routes.ts';
import { applyRoutes } from './apply.routes.ts';
import { auditRoutes } from './audit.routes.ts';
import { comparisonsRoutes, type ComparisonsDeps } from './comparisons.routes.ts';
import { backfillsRoutes } from './backfills.routes.ts';
import { docsRoutes } from './docs.routes.ts';
import { entitiesRoutes } from './entities.routes.ts';
import { erasuresRoutes } from './erasures.routes.ts';
import { eventsRoutes } from './events.routes.ts';
import { featuresRoutes } from './features.routes.ts';
import { healthRoutes } from './health.routes.ts';
import { labelsRoutes } from './labels.routes.ts';
import { manifestRoutes } from './manifest.routes.ts';
import { metricsRoutes } from './metrics.routes.ts';
import { modelsRoutes } from './models.routes.ts';
import { predictionsRoutes } from './predictions.routes.ts';
import { processesRoutes } from './processes.routes.ts';
import { queueRoutes } from './queue.routes.ts';
import { pushRoutes } from './push.routes.ts';
import { runsRoutes } from './runs.routes.ts';
import { statusRoutes } from './status.routes.ts';
import { trainingSetsRoutes, type TrainingSetsDeps } from './training-sets.routes.ts';
import { viewsRoutes } from './views.routes.ts';

export interface RouteDeps {
  readonly project: LoadedProject;
  readonly onlineStore: OnlineStore;
  /** Resolves when Redis answers with the right policy. */
  readonly checkRedis: () => Promise<unknown>;
  readonly holdsNoRows: HoldsNoRows;
  readonly redisMemory: () => Promise<RedisMemory>;
  readonly offlineStore: OfflineStore;
  /** For queries of the prediction log alone. */
  readonly logReader: OfflineStore;
  readonly artifacts: ArtifactStore;
  /** Where receipts of erasures are kept apart from PostgreSQL; null: nowhere. */
  readonly receipts: ReceiptPlace | null;
  /** How long the prediction log is kept. */
  readonly predictionLogMs: number | 'forever';
  readonly catalog: ModelCatalog;
  readonly events: RunEvents;
  readonly metrics: Metrics;
  readonly pushes: PushGroups;
  readonly eventGroups: EventGroups;
  readonly pressure: () => Promise<Pressure>;
  readonly readiness: Readiness;
  readonly answers: UnreadAnswers;
  readonly comparisons: Pick<ComparisonsDeps, 'config' | 'comparisons'>;
  readonly training: Pick<TrainingSetsDeps, 'config' | 'processId' | 'builds' | 'rows'>;
  readonly logger: Logger;
}

/** All routes that Express answers, in the order of the OpenAPI document. */
export function createRoutes(deps: RouteDeps): Router[] {
  const {
    project,
    onlineStore,
    offlineStore,
    logReader,
    artifacts,
    predictionLogMs,
    catalog,
    events,
    metrics,
    pushes,
    eventGroups,
    answers,
    readiness,
    logger,
  } = deps;
  const manifest = () => appliedOrThrow(catalog);
  return [
    modelsRoutes({ manifest, catalog }),
    aliasesRoutes({ offlineStore, project: project.name, logger }),
    applyRoutes({ offlineStore, artifacts, project, predictionLogMs, logger }),
    manifestRoutes({ offlineStore, project }),
    viewsRoutes({ offlineStore, manifest }),
    featuresRoutes({ onlineStore, clock: systemClock, manifest, answers }),
    pushRoutes({ pushes, manifest }),
    eventsRoutes({ eventGroups, manifest }),
    predictionsRoutes({ logReader, project: project.name, applied: () => catalog.manifest() }),
    labelsRoutes({ offlineStore, clock: systemClock, manifest }),
    erasuresRoutes({
      receipts: deps.receipts,
      onlineStore,
      offlineStore,
      logger,
      manifest: () => catalog.manifest() ?? project.manifest,
    }),
    entitiesRoutes({
      onlineStore,
      offlineStore,
      logger,
      clock: systemClock,
      manifest: () => catalog.manifest() ?? project.manifest,
    }),
    trainingSetsRoutes({ ...deps.training, offlineStore, project: project.name, manifest }),
    comparisonsRoutes({ ...deps.comparisons, project: project.name }),
    backfillsRoutes({ offlineStore, manifest }),
    runsRoutes({ offlineStore, project: project.name, events, manifest }),
    auditRoutes({
      offlineStore: logReader,
      manifest: () => catalog.manifest() ?? project.manifest,
    }),
    apiKeysRoutes({ offlineStore, project: project.name }),
    queueRoutes(deps.pressure),
    statusRoutes({
      offlineStore,
      project: project.name,
      checkRedis: deps.checkRedis,
      holdsNoRows: deps.holdsNoRows,
      redisMemory: deps.redisMemory,
    }),
    processesRoutes({ offlineStore, project: project.name }),
    healthRoutes(readiness),
    metricsRoutes(metrics),
    docsRoutes({ models: () => catalog.descriptions() }),
  ];
}

function appliedOrThrow(catalog: ModelCatalog): Manifest {
  const manifest = catalog.manifest();
  if (manifest !== null) return manifest;
  throw new LarderError(
    'DEFINITION_NOT_LOADED',
    "Nothing is applied yet, or the applied definitions could not be read; run 'larder apply'.",
    {
      retryAfterSeconds: 5,
    },
  );
}
