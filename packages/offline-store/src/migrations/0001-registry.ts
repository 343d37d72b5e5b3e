import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const registry: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.manifests (
        id bigint generated always as identity primary key,
        project text not null,
        manifest json not null,
        changes json not null,
        same_meaning text[] not null,
        actor text not null,
        applied_at timestamptz not null default now()
      )`.execute(db);
    await sql`create index manifests_newest on larder.manifests (project, id desc)`.execute(db);
    await sql`
      create table larder.view_versions (
        project text not null,
        view text not null,
        version integer not null,
        definition json not null,
        manifest_id bigint not null references larder.manifests,
        created_at timestamptz not null default now(),
        primary key (project, view, version)
      )`.execute(db);
    await sql`
      create table larder.model_versions (
        project text not null,
        model text not null,
        version integer not null,
        inputs json not null,
        outputs json not null,
        artifact_path text not null,
        artifact_sha256 text not null,
        manifest_id bigint not null references larder.manifests,
        created_at timestamptz not null default now(),
        primary key (project, model, version)
      )`.execute(db);
  },
};
