import { isLarderError, type Logger } from '@larder/core';
import { createOfflineStore, migrate, type OfflineStore } from '@larder/offline-store';
import { checkRedisPolicy, connectRedis, type Redis } from '@larder/online-store';
import type { Config } from './config.ts';

/** Callers wait for these; the prediction log and landings set their own. */
const DATABASE_LIMITS = { connectTimeoutMs: 2_000, statementTimeoutMs: 4_000 };
const START_TIMEOUT_MS = 5_000;

/** A Redis that is away may come later; one that would evict features is refused. @throws REDIS_POLICY_WRONG */
export async function openRedis(config: Config, logger: Logger): Promise<Redis> {
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

/** A database that is away does not keep the service from starting. */
export async function openDatabase(config: Config, logger: Logger): Promise<OfflineStore> {
  const offlineStore = createOfflineStore({ ...DATABASE_LIMITS, databaseUrl: config.databaseUrl, logger });
  await migrate(offlineStore).catch((error: unknown) =>
    logger.warn({ err: error }, 'The database could not be migrated yet'),
  );
  return offlineStore;
}
