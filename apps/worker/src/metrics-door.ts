import type { IncomingMessage } from 'node:http';
import { createKeyring, holds, keyInHeaders } from '@larder/access';
import type { Logger } from '@larder/core';
import { openDoorNotice, type AccessSettings } from '@larder/core/config';
import { createOfflineStore } from '@larder/offline-store';

export interface MetricsDoor {
  /** 200: the request may read the metrics; otherwise the status to refuse it with. */
  admit(request: IncomingMessage): Promise<200 | 401 | 403 | 503>;
  close(): Promise<void>;
}

export interface MetricsDoorDeps {
  readonly access: AccessSettings;
  readonly databaseUrl: string;
  readonly project: string;
  readonly logger: Logger;
}

/** Asks for a key with the scope metrics:read, where keys are asked for and the metrics are not public. */
export function openMetricsDoor({ access, databaseUrl, project, logger }: MetricsDoorDeps): MetricsDoor {
  const notice = openDoorNotice(access);
  if (notice !== null) logger.info(notice);
  if (notice !== null || access.publicRoutes.includes('metrics'))
    return { admit: async () => 200, close: async () => {} };
  const limits = { connectTimeoutMs: 1_000, statementTimeoutMs: 1_000, maxConnections: 1 };
  const store = createOfflineStore({ ...limits, databaseUrl, logger });
  const keyring = createKeyring({ store, project, logger, offlineMs: access.offlineMs });
  return {
    async admit({ headers }) {
      const text = keyInHeaders(headers);
      if (text === undefined) return 401;
      try {
        const key = await keyring.find(text);
        if (key === null) return 401;
        key.usedAtMs = Date.now();
        return holds(key.granted, 'metrics:read') ? 200 : 403;
      } catch {
        return 503;
      }
    },
    async close() {
      await keyring.close();
      await store.close();
    },
  };
}
