import { setTimeout as delay } from 'node:timers/promises';
import { countTombstones, readTombstones, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';

const POLL_MS = 500;

/** Gives Redis every tombstone that PostgreSQL has, or waits until another process has: before any row. */
export async function restoreTombstonesFirst(
  store: OfflineStore,
  onlineStore: Pick<OnlineStore, 'tombstonesHeld' | 'restoreTombstones'>,
  { project, signal }: { readonly project: string; readonly signal: AbortSignal },
): Promise<number> {
  for (;;) {
    const count = await countTombstones(store, project);
    const held = await onlineStore.tombstonesHeld();
    if (held.count >= count && !held.unswept) return count;
    await onlineStore.restoreTombstones({ count, pages: readTombstones(store, project), signal });
    await delay(POLL_MS, undefined, { signal });
  }
}
