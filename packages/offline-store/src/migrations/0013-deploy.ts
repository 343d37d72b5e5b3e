import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Contents by hash, closed model versions and aliases. Every new column is nullable or has a default, so that the
 * release before this one keeps writing the same tables.
 */
export const deploy: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.objects (
        sha256 text primary key,
        size_bytes bigint not null,
        backend text not null check (backend in ('postgresql', 's3')),
        created_at timestamptz not null default now(),
        touched_at timestamptz not null default now()
      )`.execute(db);
    await sql`
      create table larder.object_parts (
        sha256 text not null,
        part integer not null,
        bytes bytea not null,
        primary key (sha256, part)
      )`.execute(db);
    // Artifacts are compressed or random already.
    await sql`alter table larder.object_parts alter column bytes set storage external`.execute(db);
    await sql`
      create table larder.artifacts (
        sha256 text primary key,
        files json not null,
        created_at timestamptz not null default now(),
        touched_at timestamptz not null default now()
      )`.execute(db);
    await sql`
      alter table larder.manifests
        add column digest text,
        add column parent_id bigint references larder.manifests,
        add column retained text[] not null default '{}',
        add column code json`.execute(db);
    await sql`
      alter table larder.model_versions
        add column content json,
        add column training json,
        add column measured json,
        add column actor text,
        add column complete_at timestamptz,
        add column promote_when_complete json,
        add column collected_at timestamptz`.execute(db);
    await sql`
      create table larder.model_version_marks (
        mark_id bigint generated always as identity primary key,
        project text not null,
        model text not null,
        version integer not null,
        mark text not null check (mark in ('bad', 'good')),
        actor text not null,
        reason text not null,
        marked_at timestamptz not null default now(),
        foreign key (project, model, version) references larder.model_versions
      )`.execute(db);
    await sql`
      create index model_version_marks_newest
        on larder.model_version_marks (project, model, version, mark_id desc)`.execute(db);
    await sql`
      create table larder.alias_moves (
        move_id bigint generated always as identity primary key,
        project text not null,
        model text not null,
        alias text not null,
        previous_move_id bigint references larder.alias_moves,
        from_version integer,
        to_version integer not null,
        kind text not null check (kind in ('promote', 'rollback')),
        actor text not null,
        reason text not null,
        moved_at timestamptz not null default now(),
        foreign key (project, model, to_version) references larder.model_versions,
        unique nulls not distinct (project, model, alias, previous_move_id)
      )`.execute(db);
    await sql`
      create index alias_moves_newest on larder.alias_moves (project, model, alias, move_id desc)`.execute(
      db,
    );
    await sql`
      create table larder.registry_revisions (
        project text primary key,
        revision bigint not null
      )`.execute(db);
    await sql`
      alter table larder.predictions
        add column alias text,
        add column alias_move_id bigint`.execute(db);
  },
};
