import { sql } from 'kysely';
import type { StoreTransaction } from '../offline-store.ts';

export interface ViewVersion {
  readonly project: string;
  readonly view: string;
  readonly version: number;
}

/** Drops the history of a view version, as part of the caller's transaction. The caller must end its runs first. */
export async function dropHistoryIn(tx: StoreTransaction, target: ViewVersion): Promise<void> {
  const { project, view, version } = target;
  await sql`drop table if exists ${sql.table(`${project}_history.${view}_v${version}`)}`.execute(tx.db);
}
