import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The counts of an open run are kept in its row, too, for a moment. */
export const runCounts: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.runs add column recount_at timestamptz not null default now()`.execute(db);
  },
};
