import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Index for finding the runs that ended longest ago. */
export const runRetention: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index runs_ended on larder.runs (project, trigger, finished_at) where finished_at is not null`.execute(
      db,
    );
  },
};
