import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Runs that end the keys which their source no longer has. */
export const whenGone: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      alter table larder.runs
        add column gone_at_most double precision,
        add column gone_state text check (gone_state in ('reading', 'held', 'released', 'decided', 'undecided')),
        add column gone_keys bigint`.execute(db);
    // Written once and read once: not worth compressing.
    await sql`
      create table larder.seen_keys (
        chunk_id bigint primary key references larder.chunks on delete cascade,
        run_id uuid not null,
        hashes bigint[] not null
      )`.execute(db);
    await sql`alter table larder.seen_keys alter column hashes set storage external`.execute(db);
    await sql`create index seen_keys_of_run on larder.seen_keys (run_id)`.execute(db);
    await sql`alter table larder.view_freshness add column newest_gone_at timestamptz`.execute(db);
  },
};
