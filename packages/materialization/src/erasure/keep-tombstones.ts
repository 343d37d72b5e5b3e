import type { Logger } from '@larder/core';
import { countTombstones, readTombstones, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';

export interface KeepTombstonesDeps {
  readonly projectName: string;
  readonly offlineStore: OfflineStore;
  readonly onlineStore: Pick<OnlineStore, 'tombstonesHeld' | 'restoreTombstones'>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/**
 * A turn restores the tombstones of a Redis that has fewer than PostgreSQL had a turn ago: it was flushed, or runs on
 * older data. An erasure writes to PostgreSQL first and to Redis within milliseconds, so one turn is time enough.
 * While nothing is missing a turn reads one row and one key.
 */
export function keepTombstones(deps: KeepTombstonesDeps): () => Promise<void> {
  const { projectName: project, offlineStore, onlineStore, signal, logger } = deps;
  let expected = 0;
  return async () => {
    const count = await countTombstones(offlineStore, project);
    const before = Math.min(expected, count);
    expected = count;
    if (count === 0) return;
    const held = await onlineStore.tombstonesHeld();
    // A key that was allowed again meanwhile is counted less in PostgreSQL before it is in Redis.
    const lost = held.count < before && (await countTombstones(offlineStore, project)) === count;
    if (signal.aborted || (!lost && !held.unswept)) return;
    const pages = readTombstones(offlineStore, project);
    const swept = await onlineStore.restoreTombstones({ count, pages, signal });
    if (swept !== null)
      logger.warn(
        { tombstones: count, held: held.count, entities: swept },
        'Redis had lost tombstones of erased entities; they are restored, and rows that came back are deleted',
      );
  };
}
