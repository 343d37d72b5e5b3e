import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Receipts keep that a key was allowed again, whose tombstone is deleted and no longer counted. */
export const allowAgain: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      alter table larder.erasures add column allowed_at timestamptz, add column allowed_by text,
        add column allowed_reason text, add check ((allowed_at is null) = (allowed_by is null))`.execute(db);
    await sql`
      create function larder.uncount_tombstone() returns trigger language plpgsql as $$
      begin
        update larder.erasure_secrets set tombstones = tombstones - 1 where project = old.project;
        return null;
      end $$`.execute(db);
    await sql`
      create trigger tombstones_uncounted after delete on larder.tombstones
      for each row execute function larder.uncount_tombstone()`.execute(db);
  },
};
