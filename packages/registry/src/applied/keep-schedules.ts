import { isDeepStrictEqual } from 'node:util';
import { startLoop, type Logger, type Loop } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { readRevision, type RegistryRevision } from '../revision/revision.ts';
import { ensureSchedules } from './ensure-schedules.ts';

export interface KeepSchedulesOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
  /** @default 1000 */
  readonly intervalMs?: number;
}

/** Sets the schedules again after every change of the registry: an apply, and a move of an alias, which changes what is read. */
export function keepSchedules({ store, project, logger, intervalMs = 1_000 }: KeepSchedulesOptions): Loop {
  let known: RegistryRevision | null = null;
  return startLoop({
    name: 'Setting the schedules',
    intervalMs,
    logger,
    async turn() {
      const revision = await readRevision(store, project);
      if (isDeepStrictEqual(revision, known)) return;
      await ensureSchedules(store, project);
      known = revision;
    },
  });
}
