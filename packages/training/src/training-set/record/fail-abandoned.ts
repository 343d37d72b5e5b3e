import { IS_LIVING, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { recordFailure } from './training-set-record.ts';

/**
 * Ends the builds of services that are gone, on any host: as failed, unless the folder is there. A service that was only
 * cut off from PostgreSQL completes its build all the same.
 */
export async function failAbandoned({ db }: Pick<OfflineStore, 'db'>, project: string): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select training_set_id as id from larder.training_sets t
     where t.project = ${project} and t.status = 'building' and t.process_id is not null
       and t.created_at < now() - interval '30 seconds'
       and not exists (select 1 from larder.processes p where p.process_id = t.process_id::text and ${IS_LIVING})`.execute(
    db,
  );
  for (const { id } of rows)
    await recordFailure({ db }, id, {
      code: 'TRAINING_SET_STOPPED',
      reason: 'The service that built it was stopped or killed.',
    });
}
