import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Caches the counts of an open run in its row for a short time. */
export const runCounts: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.runs add column recount_at timestamptz not null default now()`.execute(db);
  },
};
