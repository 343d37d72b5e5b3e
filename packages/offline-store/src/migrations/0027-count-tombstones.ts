import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** How many tombstones a project has, in one row: every worker compares it with the online store's each second. */
export const countTombstones: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.erasure_secrets add column tombstones bigint not null default 0`.execute(db);
    await sql`
      create function larder.count_tombstone() returns trigger language plpgsql as $$
      begin
        update larder.erasure_secrets set tombstones = tombstones + 1 where project = new.project;
        return null;
      end $$`.execute(db);
    // A repeated erasure updates its tombstone, which is not an insert.
    await sql`
      create trigger tombstones_counted after insert on larder.tombstones
      for each row execute function larder.count_tombstone()`.execute(db);
    await sql`
      update larder.erasure_secrets s set tombstones =
        (select count(*) from larder.tombstones t where t.project = s.project)`.execute(db);
  },
};
