import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which part of history lies in which Parquet files. */
export const archives: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.archives (
        archive_id uuid primary key,
        project text not null,
        host text not null,
        folder text not null,
        created_at timestamptz not null default now()
      )`.execute(db);
    await sql`
      create table larder.archive_views (
        archive_id uuid not null references larder.archives,
        view text not null,
        version integer not null,
        entity text not null,
        generation bigint not null default 0,
        feed_id uuid,
        position bigint,
        erased_until timestamptz,
        archived_at timestamptz,
        primary key (archive_id, view, version)
      )`.execute(db);
    await sql`
      create table larder.archive_files (
        archive_id uuid not null,
        view text not null,
        version integer not null,
        path text not null,
        month text not null,
        rows bigint not null,
        size_bytes bigint not null,
        staged_as text,
        removed boolean not null default false,
        primary key (archive_id, path),
        foreign key (archive_id, view, version) references larder.archive_views
      )`.execute(db);
    await sql`create index archive_files_of_view on larder.archive_files (archive_id, view, version)`.execute(
      db,
    );
  },
};
