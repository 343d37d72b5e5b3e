import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Where the online store keeps a tombstone, so that one that lost its memory gets its tombstones again. */
export const tombstoneSlots: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.tombstones add column slot smallint`.execute(db);
    await sql`create index tombstones_by_time on larder.tombstones (project, erased_at)`.execute(db);
  },
};
