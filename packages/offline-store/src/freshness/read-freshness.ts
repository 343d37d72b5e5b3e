import type { OfflineStore } from '../offline-store.ts';

/** What landed of a view version, as of the last numbering of changes. */
export interface ViewFreshness {
  readonly view: string;
  readonly version: number;
  /** Null: nothing has landed since the version was dropped. */
  readonly newestEventTimestamp: Date | null;
  readonly newestLandedAt: Date | null;
  /** When the online store last confirmed a chunk; null: never. */
  readonly newestOnlineAt: Date | null;
  /**
   * Rows that were new to the online store when they were written. An upper bound of what it holds: rows that expired
   * or were lost with Redis still count, and count again when they are written again; rows that a process wrote online
   * just before it died do not count.
   */
  readonly rowsOnline: number;
}

/** Reads the freshness of every view version with landed rows; this counts no rows. */
export async function readFreshness(
  store: Pick<OfflineStore, 'db'>,
  project: string,
): Promise<ViewFreshness[]> {
  return store.db
    .selectFrom('larder.view_freshness')
    .select([
      'view',
      'version',
      'newest_event_timestamp as newestEventTimestamp',
      'newest_landed_at as newestLandedAt',
      'newest_online_at as newestOnlineAt',
      'rows_online as rowsOnline',
    ])
    .where('project', '=', project)
    .orderBy('view')
    .orderBy('version')
    .execute();
}
