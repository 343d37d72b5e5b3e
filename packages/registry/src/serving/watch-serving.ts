import { isDeepStrictEqual } from 'node:util';
import { startLoop, type Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { readRevision, type RegistryRevision } from '../revision/revision.ts';
import { readServing, type ServingState } from './read-serving.ts';

export interface WatchServingOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
  /** The state that the caller has already; null for none. */
  readonly known: RegistryRevision | null;
  readonly onChange: (state: ServingState) => void;
  /** @default 500 */
  readonly intervalMs?: number;
}

export interface ServingWatch {
  /** Looks now, not only after the interval. */
  wake(): void;
  /** Resolves once no further `onChange` will be called. */
  close(): Promise<void>;
}

/**
 * Tells a process about every change of the registry within about `intervalMs`: one cheap query each time, and the whole
 * state when its answer changed. While PostgreSQL is away the known state stays in effect.
 */
export function watchServing(options: WatchServingOptions): ServingWatch {
  const { store, project, logger, onChange, intervalMs = 500 } = options;
  let known = options.known;
  let closed = false;
  const loop = startLoop({
    name: 'Reading the registry',
    intervalMs,
    logger,
    async turn() {
      if (isDeepStrictEqual(await readRevision(store, project), known)) return;
      const state = await readServing(store, project);
      if (closed) return;
      known = state.revision;
      onChange(state);
    },
  });
  return {
    wake: () => loop.wake(),
    close() {
      closed = true;
      return loop.stop();
    },
  };
}
