import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Labels are deleted by their event time. */
export const labelRetention: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index labels_by_event_time on larder.labels (project, event_timestamp)`.execute(db);
  },
};
