import { sql } from 'kysely';
import type { StoreTransaction } from '../offline-store.ts';

/** Key of the lock that every landing shares, and that whoever adds a view to the source takes alone. */
function sourceLock(project: string, source: string) {
  return sql`hashtextextended('larder:events:' || ${project} || ':' || ${source}, 0)`;
}

/** Shared by landings until they end. */
export async function holdOffBuilds(
  tx: Pick<StoreTransaction, 'db'>,
  project: string,
  source: string,
): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${sourceLock(project, source)})`.execute(tx.db);
}

/**
 * Waits for every landing that may not have seen a view which was recorded before: afterwards each either keeps the view's tiles or
 * is committed, so that its events can be read.
 */
export async function awaitLandings(
  tx: Pick<StoreTransaction, 'db'>,
  project: string,
  source: string,
): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sourceLock(project, source)})`.execute(tx.db);
}
