import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A training set that a service builds belongs to that process: when it is gone, the build has failed. */
export const trainingSetService: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.training_sets add column process_id uuid`.execute(db);
  },
};
