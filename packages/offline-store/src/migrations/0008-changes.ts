import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The feed of changes, and the freshness derived from it. */
export const changes: Migration = {
  async up(db: Kysely<unknown>) {
    // Rows are deleted all the time: vacuum must run early, and `xid` lets readers skip rows that vacuum may not remove yet.
    await sql`
      create table larder.unnumbered_changes (
        id bigint generated always as identity,
        xid xid8 not null default pg_current_xact_id(),
        project text not null,
        kind text not null check (kind in ('landed', 'erased', 'dropped', 'online')),
        view text,
        version integer,
        entity text,
        entity_key text,
        run_id uuid,
        chunk_id bigint,
        revision bigint,
        rows integer,
        first_event_timestamp timestamptz,
        last_event_timestamp timestamptz,
        recorded_at timestamptz not null default now()
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`.execute(db);
    await sql`create index unnumbered_changes_xid on larder.unnumbered_changes (xid)`.execute(db);
    await sql`
      create table larder.feeds (
        project text primary key,
        feed_id uuid not null default gen_random_uuid(),
        first_position bigint not null default 1,
        last_position bigint not null
      ) with (fillfactor = 50)`.execute(db);
    await sql`
      create table larder.changes (
        project text not null,
        position bigint not null,
        kind text not null,
        view text,
        version integer,
        entity text,
        entity_key text,
        run_id uuid,
        chunk_id bigint,
        revision bigint,
        rows integer,
        first_event_timestamp timestamptz,
        last_event_timestamp timestamptz,
        recorded_at timestamptz not null,
        numbered_at timestamptz not null,
        primary key (project, position, numbered_at)
      ) partition by range (numbered_at)`.execute(db);
    await sql`
      create table larder.view_freshness (
        project text not null,
        view text not null,
        version integer not null,
        newest_event_timestamp timestamptz,
        newest_landed_at timestamptz,
        newest_online_at timestamptz,
        rows_online bigint not null default 0,
        primary key (project, view, version)
      ) with (fillfactor = 50)`.execute(db);
    await sql`alter table larder.chunks add column online_at timestamptz`.execute(db);
  },
};
