import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** API keys, and the hashes of their secrets: two of them while a key is being rotated. */
export const apiKeys: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.api_keys (
        key_id text primary key,
        project text not null,
        environment text not null,
        name text not null,
        role text,
        scopes text[] not null,
        rate_requests integer,
        rate_window_seconds integer,
        revision integer not null default 1,
        created_at timestamptz not null default now(),
        created_by text not null,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz,
        revoked_by text,
        check ((rate_requests is null) = (rate_window_seconds is null))
      )`.execute(db);
    await sql`create index api_keys_of_project on larder.api_keys (project, created_at)`.execute(db);
    await sql`
      create table larder.api_key_secrets (
        key_id text not null references larder.api_keys on delete cascade,
        secret_sha256 bytea not null check (length(secret_sha256) = 32),
        created_at timestamptz not null default now(),
        created_by text not null,
        expires_at timestamptz,
        primary key (key_id, secret_sha256)
      )`.execute(db);
  },
};
