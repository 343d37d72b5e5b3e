import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What the artifact gave before the post-processing of its model. */
export const rawOutputs: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.predictions add column raw_outputs jsonb`.execute(db);
  },
};
