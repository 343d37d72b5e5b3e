import type { IncomingMessage } from 'node:http';
import { createAddressLimit, createKeyring, holds, keyInHeaders, type KnownKey } from '@larder/access';
import { LarderError, toLarderError, type Logger } from '@larder/core';
import { openDoorNotice, type AccessSettings } from '@larder/core/config';
import { countRefusedCalls, createOfflineStore } from '@larder/offline-store';

export interface MetricsDoor {
  /** Undefined: the request may read the metrics; otherwise the reason to refuse it. */
  admit(request: IncomingMessage): Promise<LarderError | undefined>;
  /** How long ago the keys were read; null: nobody needs one. */
  keysAgeMs(): number | null;
  close(): Promise<void>;
}

export interface MetricsDoorDeps {
  readonly access: AccessSettings;
  readonly databaseUrl: string;
  readonly project: string;
  readonly logger: Logger;
}

/** As on the port of the service. */
const FAILURES = { requests: 120, windowSeconds: 60 };
/** In the audit; `GET /metrics` is the service's. */
const ROUTE = 'GET /metrics of a worker';

/** Asks for a key with the scope metrics:read, where keys are asked for and the metrics are not public. */
export function openMetricsDoor({ access, databaseUrl, project, logger }: MetricsDoorDeps): MetricsDoor {
  const notice = openDoorNotice(access);
  if (notice !== null) logger.info(notice);
  if (notice !== null || access.publicRoutes.includes('metrics'))
    return { admit: async () => undefined, keysAgeMs: () => null, close: async () => {} };
  const limits = { connectTimeoutMs: 1_000, statementTimeoutMs: 1_000, maxConnections: 1 };
  const store = createOfflineStore({ ...limits, databaseUrl, logger });
  const keyring = createKeyring({ store, project, logger, offlineMs: access.offlineMs });
  const refused = countRefusedCalls({ store, project, logger });
  const failures = createAddressLimit(FAILURES);

  function refuse({ socket }: IncomingMessage, error: LarderError, key?: KnownKey): LarderError {
    const address = socket.remoteAddress ?? null;
    const actor = key === undefined ? `http from ${address ?? 'nowhere'}` : `api key ${key.name}`;
    refused.count({ route: ROUTE, code: error.code, actor, keyId: key?.keyId ?? null, address });
    return error;
  }

  function check(request: IncomingMessage, key: KnownKey | null): LarderError | undefined {
    const nowMs = performance.now();
    if (key === null) {
      const waitMs = failures.take(request.socket.remoteAddress ?? '', nowMs);
      return refuse(request, waitMs === 0 ? keyRequired() : rateLimited(waitMs));
    }
    if (!holds(key.granted, 'metrics:read')) return refuse(request, scopeMissing(), key);
    if (key.limit !== null && !key.limit.take(nowMs))
      return refuse(request, rateLimited(key.limit.waitMs(nowMs)), key);
    key.usedAtMs = Date.now();
    return undefined;
  }

  return {
    async admit(request) {
      const text = keyInHeaders(request.headers);
      try {
        return check(request, text === undefined ? null : await keyring.find(text));
      } catch (error) {
        return toLarderError(error);
      }
    },
    keysAgeMs: () => keyring.ageMs(),
    async close() {
      await refused.close();
      await keyring.close();
      await store.close();
    },
  };
}

function keyRequired(): LarderError {
  return new LarderError('KEY_REQUIRED', 'Send an API key that is in force, as Authorization: Bearer lrd_…');
}

function scopeMissing(): LarderError {
  return new LarderError('SCOPE_MISSING', 'This takes the scope metrics:read, which the key lacks.');
}

function rateLimited(waitMs: number): LarderError {
  return new LarderError('RATE_LIMITED', 'Too many requests; wait before the next one.', {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
  });
}
