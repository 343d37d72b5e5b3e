import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Contents that were fetched, and values that were computed from them. Everything here may be deleted at any time. */
export const valueMemory: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.remembered_contents (
        project text not null,
        address_hash bytea not null check (length(address_hash) = 32),
        content_sha256 bytea not null check (length(content_sha256) = 32),
        etag text check (length(etag) <= 256),
        last_modified text check (length(last_modified) <= 64),
        revision bigint not null,
        checked_at timestamptz not null default now(),
        primary key (project, address_hash)
      )`.execute(db);
    await sql`create index remembered_contents_content on larder.remembered_contents (project, content_sha256)`.execute(
      db,
    );
    await sql`
      create table larder.remembered_values (
        project text not null,
        content_sha256 bytea not null check (length(content_sha256) = 32),
        computation bytea not null check (length(computation) = 32),
        values bytea not null,
        size_bytes integer not null,
        revision bigint not null,
        used_at timestamptz not null default now(),
        primary key (project, content_sha256, computation)
      )`.execute(db);
    await sql`
      create index remembered_values_used on larder.remembered_values (project, used_at) include (size_bytes)`.execute(
      db,
    );
    await sql`
      create table larder.remembered_uses (
        project text not null,
        key_hash bytea not null check (length(key_hash) = 32),
        content_sha256 bytea not null check (length(content_sha256) = 32),
        primary key (project, key_hash, content_sha256)
      )`.execute(db);
    await sql`create index remembered_uses_content on larder.remembered_uses (project, content_sha256)`.execute(
      db,
    );
  },
};
