import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@larder/core';
import { appliedId, appliedManifest, type AppliedManifest } from './applied-manifest.ts';
import type { RegistryStore } from '../registry-store.ts';

export interface WatchAppliedOptions {
  readonly store: RegistryStore;
  readonly project: string;
  readonly logger: Logger;
  /** The id that the caller has already; null for none. */
  readonly knownId: number | null;
  readonly onChange: (applied: AppliedManifest) => void | Promise<void>;
  /** @default 1000 */
  readonly intervalMs?: number;
}

export interface AppliedWatch {
  /** Resolves once no further `onChange` will be called. */
  close(): Promise<void>;
}

/** Tells a process about every newer applied manifest within `intervalMs`; keeps watching while PostgreSQL is away. */
export function watchApplied(options: WatchAppliedOptions): AppliedWatch {
  const stop = new AbortController();
  const done = watch(options, stop.signal);
  return {
    async close() {
      stop.abort();
      await done;
    },
  };
}

async function watch(options: WatchAppliedOptions, signal: AbortSignal): Promise<void> {
  const { store, project, logger, intervalMs = 1_000 } = options;
  let knownId = options.knownId;
  let away = false;
  while (!signal.aborted) {
    try {
      const changed = (await appliedId(store, project)) !== knownId;
      const applied = changed ? await appliedManifest(store, project) : null;
      if (signal.aborted) return;
      if (applied !== null) await options.onChange(applied);
      knownId = applied?.id ?? knownId;
      away = false;
    } catch (error) {
      if (!away)
        logger.warn({ err: error }, 'Applied definitions cannot be read; the known ones stay in effect');
      away = true;
    }
    await delay(intervalMs, undefined, { signal, ref: false }).catch(() => {});
  }
}
