import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Indexes for two questions about a view version: what failed for one key, and what its newest computed runs were. */
export const absences: Migration = {
  async up(db: Kysely<unknown>) {
    // A hash: an escaped key may be longer than an entry of a B-tree.
    await sql`create index row_failures_of_key on larder.row_failures using hash (entity_key)`.execute(db);
    // Without pushes, of which there may be ten a second.
    await sql`
      create index runs_computed on larder.runs (project, view, version, revision desc)
      where trigger <> 'push'`.execute(db);
  },
};
