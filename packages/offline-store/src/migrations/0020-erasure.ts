import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Erasing a key everywhere: tombstones that keep it from coming back, and receipts. */
export const erasure: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.erasure_secrets (
        project text primary key,
        secret bytea not null check (length(secret) = 32),
        created_at timestamptz not null default now()
      )`.execute(db);
    await sql`
      create table larder.tombstones (
        project text not null,
        entity text not null,
        key_hash bytea not null check (length(key_hash) = 32),
        erased_at timestamptz not null default now(),
        receipt_id uuid not null,
        primary key (project, entity, key_hash)
      )`.execute(db);
    await sql`
      create table larder.erasures (
        receipt_id uuid primary key,
        project text not null,
        entity text not null,
        entity_key text,
        key_hash bytea not null,
        status text not null default 'running' check (status in ('running', 'complete')),
        actor text not null,
        reason text,
        removed jsonb not null default '{}',
        still_held jsonb,
        requested_at timestamptz not null default now(),
        lease_expires_at timestamptz,
        error_code text,
        error_reason text,
        completed_at timestamptz,
        check ((status = 'complete') = (completed_at is not null)),
        check ((status = 'running') = (entity_key is not null))
      )`.execute(db);
    await sql`
      create unique index erasures_running on larder.erasures (project, entity, key_hash)
      where status = 'running'`.execute(db);
    await sql`create index erasures_by_time on larder.erasures (project, requested_at desc)`.execute(db);
  },
};
