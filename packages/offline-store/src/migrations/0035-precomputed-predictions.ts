import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The view that held the answer, where it was computed ahead. */
export const precomputedPredictions: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.predictions add column precomputed text`.execute(db);
  },
};
