import type { OfflineStore } from '../offline-store.ts';

/** What landed of a view version, as of the last numbering of changes. */
export interface ViewFreshness {
  readonly view: string;
  readonly version: number;
  /** Null: nothing has landed since the version was dropped. */
  readonly newestEventTimestamp: Date | null;
  readonly newestLandedAt: Date | null;
  /** When the online store last confirmed a chunk; null: it has confirmed none. */
  readonly newestOnlineAt: Date | null;
  /**
   * Rows that the online store did not have when they were written. An upper bound of what it holds: what expired or was
   * lost with Redis still counts, and counts again when it comes back; what a process brought online right before it
   * died does not count.
   */
  readonly rowsOnline: number;
}

/** The freshness of every view version that something landed in; nothing is counted for it. */
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
