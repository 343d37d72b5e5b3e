import { createKeyring } from '@larder/access';
import { listOperations } from '@larder/contracts';
import type { ErrorCode, Logger } from '@larder/core';
import { openDoorNotice } from '@larder/core/config';
import { countRefusedCalls } from '@larder/offline-store';
import type { Config } from '../config.ts';
import type { Metrics } from '../metrics/create-metrics.ts';
import { openKeyReader } from '../open-stores.ts';
import { callerOf } from './caller.ts';
import { createGuard, type Guard, type Refusal } from './guard.ts';

/** Refusals that say something about the caller. */
const AUDITED: ReadonlySet<string> = new Set<ErrorCode>(['KEY_REQUIRED', 'SCOPE_MISSING', 'RATE_LIMITED']);

export interface DoorDeps {
  readonly config: Config;
  readonly project: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface Door {
  /** Null: nobody needs a key. */
  readonly guard: Guard | null;
  /** How long ago the keys were read; null: nobody needs one. */
  keysAgeMs(): number | null;
  /** Records a refusal, of the guard or of a route that looks closer, for the audit. */
  record(refusal: Refusal): void;
  close(): Promise<void>;
}

/** The guard of a service, once it has looked for the keys; without PostgreSQL it begins with none. */
export async function openDoor({ config, project, metrics, logger }: DoorDeps): Promise<Door> {
  const notice = openDoorNotice(config.access);
  if (notice !== null) {
    logger.info(notice);
    return { guard: null, keysAgeMs: () => null, record() {}, close: async () => {} };
  }
  const { offlineMs, publicRoutes } = config.access;
  const store = openKeyReader(config, logger);
  const keyring = createKeyring({ store, project, logger, offlineMs });
  await keyring.ready;
  const refused = countRefusedCalls({ store, project, logger });
  function record({ request, method, path, error, key }: Refusal): void {
    if (AUDITED.has(error.code))
      refused.count({ route: `${method} ${path}`, code: error.code, ...callerOf(request, key) });
  }
  const guard = createGuard({
    keyring,
    operations: listOperations(),
    publicRoutes,
    onRefused(refusal) {
      metrics.request(refusal.path, refusal.method, refusal.error.status).value += 1;
      record(refusal);
    },
  });
  return {
    guard,
    keysAgeMs: () => keyring.ageMs(),
    record,
    async close() {
      await refused.close();
      await keyring.close();
      await store.close();
    },
  };
}
