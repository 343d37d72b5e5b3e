import type { OfflineStore } from '../offline-store.ts';
import { settledBefore } from '../point-in-time/settled-before.ts';

/** An instant before which no prediction is logged and no label received any more: `asOf` of a spine that can be repeated. */
export function loggedBefore(store: Pick<OfflineStore, 'db'>): Promise<Date> {
  return settledBefore(store, ['larder.predictions', 'larder.labels']);
}
