import { isLarderError, type Logger } from '@larder/core';
import { createOfflineStore, migrate, type OfflineStore } from '@larder/offline-store';
import { checkRedisPolicy, connectRedis, type Redis } from '@larder/online-store';
import type { Config } from './config.ts';

/** Limits for statements that callers wait for; the prediction log and landings set their own. */
const DATABASE_LIMITS = { connectTimeoutMs: 2_000, statementTimeoutMs: 4_000 };
const LOG_READER_LIMITS = { connectTimeoutMs: 2_000, statementTimeoutMs: 3_000, maxConnections: 2 };
/** A revocation must not wait until a connection of busy callers is free, and is in force within 2 s. */
const KEY_READER_LIMITS = { connectTimeoutMs: 1_000, statementTimeoutMs: 1_000, maxConnections: 1 };
const START_TIMEOUT_MS = 5_000;
/** Unless they say when to try again. */
const HOPELESS: ReadonlySet<string> = new Set(['DATABASE_TOO_OLD', 'DATABASE_UNAVAILABLE']);

/** Opens Redis. It may be down at start; one that would evict features is refused. @throws REDIS_POLICY_WRONG, REDIS_COMMAND_REFUSED */
export async function openRedis(config: Config, logger: Logger): Promise<Redis> {
  const redis = connectRedis(config.redisUrl, { role: 'serving', logger });
  try {
    await checkRedisPolicy(redis, { timeoutMs: START_TIMEOUT_MS, url: config.redisUrl });
  } catch (error) {
    if (!isLarderError(error) || error.code !== 'ONLINE_STORE_UNAVAILABLE') {
      redis.disconnect();
      throw error;
    }
    logger.warn({ err: error }, 'Redis is down');
  }
  return redis;
}

/**
 * Opens the database. The service starts even when the database is down.
 * @throws DATABASE_TOO_OLD, and DATABASE_UNAVAILABLE when PostgreSQL refuses the login: waiting would not help
 */
export async function openDatabase(config: Config, logger: Logger): Promise<OfflineStore> {
  const offlineStore = createOfflineStore({ ...DATABASE_LIMITS, databaseUrl: config.databaseUrl, logger });
  try {
    await migrate(offlineStore);
  } catch (error) {
    if (isLarderError(error) && HOPELESS.has(error.code) && error.retryAfterSeconds === undefined) {
      await offlineStore.close();
      throw error;
    }
    logger.warn({ err: error }, 'The database could not be migrated yet');
  }
  return offlineStore;
}

/** Connections for queries of the prediction log: few and short, so that none of them keeps writes or pushes waiting. */
export function openLogReader({ databaseUrl }: Config, logger: Logger): OfflineStore {
  return createOfflineStore({ ...LOG_READER_LIMITS, databaseUrl, logger });
}

/** One connection for the API keys alone. */
export function openKeyReader({ databaseUrl }: Config, logger: Logger): OfflineStore {
  return createOfflineStore({ ...KEY_READER_LIMITS, databaseUrl, logger });
}
