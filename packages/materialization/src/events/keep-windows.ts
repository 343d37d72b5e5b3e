import type { Clock, Logger } from '@larder/core';
import type { Manifest } from '@larder/features';
import { windowedViewsOf, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { replayedPages } from './replay-tiles.ts';

export interface KeepWindowsDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly applied: () => Manifest | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/**
 * A turn writes all tiles to a Redis that may lack some: it was flushed, restarted or took over as a replica. A lost window
 * would be served as an empty one, which is 0. While nothing is missing a turn is one round trip to Redis.
 */
export function keepWindows(deps: KeepWindowsDeps): () => Promise<void> {
  const { onlineStore, applied, signal, logger } = deps;
  return async () => {
    const manifest = applied();
    if (Object.keys(manifest?.event_sources ?? {}).length === 0 || manifest === null) return;
    if (await onlineStore.windowsHeld()) return;
    const entities = await onlineStore.restoreWindows({ pages: allWindows(deps, manifest), signal });
    if (entities !== null && entities > 0)
      logger.warn({ entities }, 'Redis may have lost windows; all of them are written again');
  };
}

async function* allWindows(
  { offlineStore: store, onlineStore, clock }: KeepWindowsDeps,
  { project, event_sources: sources }: Manifest,
): AsyncGenerator<number> {
  for (const source of Object.values(sources ?? {}))
    for (const windowed of await windowedViewsOf(store, project, source))
      yield* replayedPages(windowed, { store, onlineStore, clock });
}
