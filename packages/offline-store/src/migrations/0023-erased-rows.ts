import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { createRunViolations } from './0009-run-violations.ts';

/** What writers ask before they write a row of a key, and rows of landed chunks that are no longer in history. */
export const erasedRows: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.chunks add column rows_erased integer not null default 0`.execute(db);
    await sql`
      create function larder.key_hash(secret bytea, entity text, key text) returns bytea
      language sql immutable parallel safe
      return sha256(secret || convert_to(entity, 'UTF8') || '\\x00'::bytea || convert_to(key, 'UTF8'))`.execute(
      db,
    );
    // Two statements with a snapshot each: a tombstone that was committed before the lock was taken is seen.
    await sql`
      create function larder.hold_off_erasures(of_project text, of_entity text) returns boolean
      language plpgsql volatile as $$
      begin
        perform pg_advisory_xact_lock_shared(hashtextextended('larder:erasure:' || of_project, 0));
        return exists (select from larder.tombstones t
          where t.project = of_project and (of_entity is null or t.entity = of_entity));
      end $$`.execute(db);
    await sql`
      create function larder.erased_among(of_project text, of_entity text, keys text[]) returns setof text
      language sql stable as $$
        select key from unnest(keys) as key join larder.erasure_secrets s on s.project = of_project
        where exists (select from larder.tombstones t where t.project = of_project and t.entity = of_entity
          and t.key_hash = larder.key_hash(s.secret, of_entity, key))
      $$`.execute(db);
    await sql
      .raw(
        createRunViolations({ andChunk: ' and c.set_aside is null', landed: 'c.rows_done - c.rows_erased' }),
      )
      .execute(db);
  },
};
