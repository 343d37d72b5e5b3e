import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Views computed from other views: how far each has followed the feed of changes, and which run fed which. */
export const chains: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.chains (
        project text not null,
        view text not null,
        version integer not null,
        fingerprint text not null,
        cursor text,
        primary key (project, view, version)
      ) with (fillfactor = 50)`.execute(db);
    await sql`
      create table larder.run_links (
        parent_run_id uuid not null references larder.runs on delete cascade,
        run_id uuid not null references larder.runs on delete cascade,
        primary key (parent_run_id, run_id)
      )`.execute(db);
    await sql`create index run_links_run on larder.run_links (run_id)`.execute(db);
    // Chunks of a chain order their rows one by one: a key may be computed several times in one run.
    await sql`alter table larder.chunks add column revision bigint`.execute(db);
    await sql`alter table larder.runs add column feeding boolean`.execute(db);
    await sql`create index runs_feeding on larder.runs (project, view, version) where feeding`.execute(db);
  },
};
