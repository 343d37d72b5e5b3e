import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

const LABELS_PER_STEP = 5_000;

/**
 * Deletes labels whose event time is older, the oldest first, in one small step; call it until it deletes none. A label
 * that takes back or corrects another stays until that one is gone, which would count again. Waits for no lock.
 * @returns how many
 */
export async function deleteExpiredLabels(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  olderThanMs: number | 'forever',
): Promise<number> {
  if (olderThanMs === 'forever') return 0;
  const { numAffectedRows } = await sql`
    delete from larder.labels where label_id in (
      select l.label_id from larder.labels l
      where l.project = ${project} and l.event_timestamp < now() - ${olderThanMs} * interval '1 millisecond'
        and not exists (select from larder.labels corrected
          where corrected.project = l.project and corrected.source = l.source
            and corrected.event_id = l.corrects_event_id)
      order by l.event_timestamp limit ${LABELS_PER_STEP} for update skip locked)`.execute(store.db);
  return Number(numAffectedRows ?? 0n);
}
