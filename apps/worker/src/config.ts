import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Retention } from './start-retention.ts';
import type { LogLevel } from '@larder/core';
import {
  ACCESS_SETTINGS,
  accessSettings,
  artifactPlaces,
  CONNECTION_SETTING,
  readSettings,
  webhookAddress,
  type WebhookAddress,
  type AccessSettings,
  type ArtifactPlaces,
  type Environment,
} from '@larder/core/config';

export interface Config {
  /** Absolute path of larder.config.ts. */
  readonly projectPath: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Null: nobody is told of incidents. */
  readonly webhook: WebhookAddress | null;
  readonly queueRedisUrl: string;
  readonly artifacts: ArtifactPlaces;
  /** Newest versions of a model that keep their artifacts. */
  readonly modelVersionsKept: number;
  readonly logLevel: LogLevel;
  /** Limit on the memory of values in PostgreSQL; 0: off. */
  readonly valueMemoryBytes: number;
  /** Number of compute threads. */
  readonly slots: number;
  readonly host: string;
  /** Hosts that requests to the metrics port may name, beside this machine's own. */
  readonly allowedHosts: readonly string[];
  readonly access: AccessSettings;
  /** Port of metrics and health; 0: any free port; null: not served. */
  readonly metricsPort: number | null;
  /** How long rows of growing tables are kept. */
  readonly retention: Retention;
  /** Addresses of source databases by connection name. */
  readonly connections: Readonly<Record<string, string>>;
}

/** Reads the process's configuration. @throws CONFIGURATION_INVALID that lists every problem, one line each */
export function readConfig(env: Environment = process.env): Config {
  const settings = readSettings(env, [
    'LARDER_PROJECT',
    'LARDER_DATABASE_URL',
    'LARDER_REDIS_URL',
    'LARDER_WEBHOOK_URL',
    'LARDER_WEBHOOK_SECRET',
    'LARDER_WEBHOOK_PRIVATE_ADDRESSES',
    'LARDER_QUEUE_REDIS_URL',
    'LARDER_ARTIFACTS_URL',
    'LARDER_CACHE_FOLDER',
    'LARDER_MODEL_VERSIONS_KEPT',
    'LARDER_LOG_LEVEL',
    'LARDER_VALUE_MEMORY_BYTES',
    'LARDER_WORKER_SLOTS',
    'LARDER_WORKER_METRICS_PORT',
    'LARDER_HOST',
    'LARDER_ALLOWED_HOSTS',
    ...ACCESS_SETTINGS,
    'LARDER_AUDIT_RETENTION',
    'LARDER_CHANGES_RETENTION',
    'LARDER_LABEL_RETENTION',
    'LARDER_PREDICTION_LOG_RETENTION',
    'LARDER_RUN_RETENTION',
    'LARDER_PUSH_RETENTION',
    CONNECTION_SETTING,
  ]);
  const projectPath = resolve(settings.LARDER_PROJECT);
  return Object.freeze({
    projectPath,
    databaseUrl: settings.LARDER_DATABASE_URL,
    redisUrl: settings.LARDER_REDIS_URL,
    webhook: webhookAddress(settings),
    queueRedisUrl: settings.LARDER_QUEUE_REDIS_URL ?? settings.LARDER_REDIS_URL,
    artifacts: artifactPlaces(settings, projectPath),
    modelVersionsKept: settings.LARDER_MODEL_VERSIONS_KEPT,
    logLevel: settings.LARDER_LOG_LEVEL,
    valueMemoryBytes: settings.LARDER_VALUE_MEMORY_BYTES,
    slots: settings.LARDER_WORKER_SLOTS ?? availableParallelism(),
    host: settings.LARDER_HOST,
    allowedHosts: settings.LARDER_ALLOWED_HOSTS,
    metricsPort: settings.LARDER_WORKER_METRICS_PORT,
    access: accessSettings(
      settings,
      settings.LARDER_WORKER_METRICS_PORT === null ? null : { host: settings.LARDER_HOST },
    ),
    retention: {
      labelsMs: settings.LARDER_LABEL_RETENTION,
      auditMs: settings.LARDER_AUDIT_RETENTION,
      changesMs: settings.LARDER_CHANGES_RETENTION,
      predictionsMs: settings.LARDER_PREDICTION_LOG_RETENTION,
      runsMs: settings.LARDER_RUN_RETENTION,
      pushesMs: settings.LARDER_PUSH_RETENTION,
    },
    connections: settings[CONNECTION_SETTING],
  });
}
