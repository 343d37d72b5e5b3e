import { IS_LIVING, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';

/**
 * Marks the builds of services that are gone as failed, on any host. A service that was only cut off from PostgreSQL
 * completes its build all the same.
 */
export async function failAbandoned({ db }: Pick<OfflineStore, 'db'>, project: string): Promise<void> {
  await sql`
    update larder.training_sets t
       set status = 'failed', finished_at = now(), error_code = 'TRAINING_SET_STOPPED',
           error_reason = 'The service that built it was stopped or killed.'
     where t.project = ${project} and t.status = 'building' and t.process_id is not null
       and t.created_at < now() - interval '30 seconds'
       and not exists (select 1 from larder.processes p where p.process_id = t.process_id::text and ${IS_LIVING})`.execute(
    db,
  );
}
