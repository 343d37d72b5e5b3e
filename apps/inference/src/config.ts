import { dirname, join, resolve } from 'node:path';
import type { LogLevel } from '@larder/core';
import {
  ACCESS_SETTINGS,
  accessSettings,
  artifactPlaces,
  CONNECTION_SETTING,
  isLoopbackHost,
  readSettings,
  type AccessSettings,
  webhookAddress,
  type WebhookAddress,
  type ArtifactPlaces,
  type Environment,
} from '@larder/core/config';

export interface Config {
  /** Absolute path of larder.config.ts. */
  readonly projectPath: string;
  readonly databaseUrl: string;
  readonly artifacts: ArtifactPlaces;
  /** Where receipts of erasures are kept apart from PostgreSQL; null: nowhere. */
  readonly receiptsUrl: string | null;
  readonly redisUrl: string;
  /** Null: nobody is told of incidents. */
  readonly webhook: WebhookAddress | null;
  readonly host: string;
  readonly access: AccessSettings;
  /** Hosts that requests may name, in addition to this machine's own. */
  readonly allowedHosts: readonly string[];
  /** Limit on open connections; also the limit on requests in flight. */
  readonly maxConnections: number;
  /** How long requests are still accepted after the signal to stop. */
  readonly drainMs: number;
  /** Limit on large request bodies in total; the same limit applies to large answers that are not read yet. */
  readonly bufferBytes: number;
  /** Limit on model versions that are in memory only because callers name their numbers. */
  readonly explicitVersions: number;
  readonly trainingSets: TrainingSetsConfig;
  /** 0: any free port. */
  readonly port: number;
  /** False: nobody chose the port, so the next free one does as well. */
  readonly portIsChosen: boolean;
  readonly logLevel: LogLevel;
  readonly predictionLog: {
    /** Answer predictions only after PostgreSQL has committed their log entries. */
    readonly durable: boolean;
    /** Log entries that may wait for PostgreSQL. */
    readonly records: number;
    readonly bytes: number;
    /** How long workers keep it, if they have the same settings. */
    readonly retentionMs: number | 'forever';
  };
}

export interface TrainingSetsConfig {
  /** Absolute. */
  readonly folder: string;
  readonly uploadBytes: number;
  /** Builds that may wait. */
  readonly queue: number;
  readonly memoryMb: number;
  readonly diskMb: number;
  /** Limit on the rows of an uploaded file. */
  readonly rows: number;
  /** Of the processes that build sets and convert rows. */
  readonly niceness: number;
  readonly keptMs: number | 'forever';
  /** Callers may send queries. */
  readonly sql: boolean;
  /** Addresses of the project's connections; none unless callers may send queries. */
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
    'LARDER_ARTIFACTS_URL',
    'LARDER_CACHE_FOLDER',
    'LARDER_RECEIPTS_URL',
    'LARDER_HOST',
    'LARDER_PORT',
    'LARDER_ALLOWED_HOSTS',
    ...ACCESS_SETTINGS,
    'LARDER_MAX_CONNECTIONS',
    'LARDER_DRAIN_SECONDS',
    'LARDER_BUFFER_BYTES',
    'LARDER_EXPLICIT_VERSIONS',
    'LARDER_TRAINING_SETS_DIR',
    'LARDER_TRAINING_SETS_UPLOAD_BYTES',
    'LARDER_TRAINING_SETS_QUEUE',
    'LARDER_TRAINING_SETS_MEMORY_MB',
    'LARDER_TRAINING_SETS_DISK_MB',
    'LARDER_TRAINING_SETS_ROWS',
    'LARDER_TRAINING_SETS_KEPT',
    'LARDER_TRAINING_SETS_SQL',
    'LARDER_LOG_LEVEL',
    'LARDER_PREDICTION_LOG',
    'LARDER_PREDICTION_LOG_RECORDS',
    'LARDER_PREDICTION_LOG_BYTES',
    'LARDER_PREDICTION_LOG_RETENTION',
  ]);
  const projectPath = resolve(settings.LARDER_PROJECT);
  const sql = settings.LARDER_TRAINING_SETS_SQL === 'on';
  return Object.freeze({
    projectPath,
    databaseUrl: settings.LARDER_DATABASE_URL,
    redisUrl: settings.LARDER_REDIS_URL,
    webhook: webhookAddress(settings),
    artifacts: artifactPlaces(settings, projectPath),
    receiptsUrl: settings.LARDER_RECEIPTS_URL,
    host: settings.LARDER_HOST,
    access: accessSettings(settings, { host: settings.LARDER_HOST }),
    allowedHosts: settings.LARDER_ALLOWED_HOSTS,
    maxConnections: settings.LARDER_MAX_CONNECTIONS,
    drainMs: (settings.LARDER_DRAIN_SECONDS ?? usualDrainSeconds(settings.LARDER_HOST)) * 1_000,
    bufferBytes: settings.LARDER_BUFFER_BYTES,
    explicitVersions: settings.LARDER_EXPLICIT_VERSIONS,
    trainingSets: {
      folder: resolve(
        settings.LARDER_TRAINING_SETS_DIR ?? join(dirname(projectPath), '.larder', 'training-sets'),
      ),
      uploadBytes: settings.LARDER_TRAINING_SETS_UPLOAD_BYTES,
      queue: settings.LARDER_TRAINING_SETS_QUEUE,
      memoryMb: settings.LARDER_TRAINING_SETS_MEMORY_MB,
      diskMb: settings.LARDER_TRAINING_SETS_DISK_MB,
      rows: settings.LARDER_TRAINING_SETS_ROWS,
      niceness: 10,
      keptMs: settings.LARDER_TRAINING_SETS_KEPT,
      sql,
      connections: sql ? readSettings(env, [CONNECTION_SETTING])[CONNECTION_SETTING] : {},
    },
    port: settings.LARDER_PORT,
    portIsChosen: env['LARDER_PORT'] !== undefined,
    logLevel: settings.LARDER_LOG_LEVEL,
    predictionLog: {
      durable: settings.LARDER_PREDICTION_LOG === 'durable',
      records: settings.LARDER_PREDICTION_LOG_RECORDS,
      bytes: settings.LARDER_PREDICTION_LOG_BYTES,
      retentionMs: settings.LARDER_PREDICTION_LOG_RETENTION,
    },
  });
}

/** No load balancer of another machine sends requests to a loopback address. */
function usualDrainSeconds(host: string): number {
  return isLoopbackHost(host) ? 0 : 5;
}
