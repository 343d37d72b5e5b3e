import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/**
 * Lets numbers jump ahead, once, when PostgreSQL was restored to a point in time or promoted since they were last given
 * (`0042-recoveries.ts`). Whatever gets a number asks too; a process asks at its start, so that others reload at once.
 * @returns whether this call made them jump
 */
export async function noticeRecovery(store: Pick<OfflineStore, 'db'>): Promise<boolean> {
  const { rows } = await sql<{ jumped: boolean }>`select larder.notice_recovery() as jumped`.execute(
    store.db,
  );
  return rows[0]?.jumped === true;
}

/**
 * The same where the timeline does not tell, as after a copy of the disks: numbers jump when this revision, which the online
 * store has, was never given. @returns whether this call made them jump
 */
export async function jumpBeyond(store: Pick<OfflineStore, 'db'>, revision: number): Promise<boolean> {
  const { rows } = await sql<{ jumped: boolean }>`select larder.jump_beyond(${revision}) as jumped`.execute(
    store.db,
  );
  return rows[0]?.jumped === true;
}
