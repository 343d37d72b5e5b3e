import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const runs: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.runs (
        run_id uuid primary key,
        revision bigint generated always as identity unique,
        project text not null,
        view text not null,
        version integer not null,
        fingerprint text not null,
        trigger text not null,
        status text not null default 'queued' check (status in
          ('queued', 'running', 'paused', 'held', 'succeeded', 'partial', 'failed', 'cancelled')),
        scope jsonb not null,
        row_limit bigint,
        priority integer not null,
        max_rows_per_second double precision,
        force boolean not null,
        idempotency_key text,
        request_sha256 text not null,
        error_code text,
        error_reason text,
        created_at timestamptz not null default now(),
        queued_at timestamptz not null default now(),
        planning_token uuid,
        planning_lease_expires_at timestamptz,
        planning_failures integer not null default 0,
        planned_at timestamptz,
        next_dispatch_at timestamptz not null default now(),
        started_at timestamptz,
        finished_at timestamptz,
        paused_at timestamptz,
        paused_ms bigint not null default 0,
        rows_total bigint,
        rows_done bigint,
        rows_failed bigint,
        rows_skipped bigint,
        unique (project, idempotency_key)
      )`.execute(db);
    await sql`create index runs_open on larder.runs (project, status) where finished_at is null`.execute(db);
    await sql`create index runs_newest on larder.runs (project, revision desc)`.execute(db);
    await sql`create index runs_of_view on larder.runs (project, view, revision desc)`.execute(db);
    await sql`
      create table larder.chunks (
        chunk_id bigint generated always as identity primary key,
        run_id uuid not null references larder.runs on delete cascade,
        ordinal integer not null,
        bounds jsonb not null,
        retry_of bigint,
        state text not null default 'pending' check (state in
          ('pending', 'dispatched', 'running', 'landed_history', 'done', 'failed', 'cancelled')),
        attempt integer not null default 0,
        failures integer not null default 0,
        not_before timestamptz not null default now(),
        dispatched_by text,
        dispatched_at timestamptz,
        claimed_by text,
        lease_expires_at timestamptz,
        rows_total integer not null,
        rows_done integer not null default 0,
        rows_failed integer not null default 0,
        rows_skipped integer not null default 0,
        rows_duplicate integer not null default 0,
        error_code text,
        error_reason text,
        started_at timestamptz,
        landed_at timestamptz,
        finished_at timestamptz,
        unique (run_id, ordinal)
      )`.execute(db);
    await sql`create index chunks_pending on larder.chunks (run_id, ordinal) where state = 'pending'`.execute(
      db,
    );
    await sql`
      create index chunks_in_flight on larder.chunks (state, run_id)
      where state in ('dispatched', 'running', 'landed_history')`.execute(db);
    await sql`
      create table larder.row_failures (
        failure_id bigint generated always as identity primary key,
        run_id uuid not null references larder.runs on delete cascade,
        chunk_id bigint not null references larder.chunks on delete cascade,
        entity_key text,
        keys jsonb,
        event_timestamp timestamptz,
        code text not null,
        reason text not null,
        retryable boolean not null,
        attempts integer not null default 1,
        failed_at timestamptz not null default now()
      )`.execute(db);
    await sql`create index row_failures_of_run on larder.row_failures (run_id, failure_id)`.execute(db);
    await sql`create index row_failures_of_chunk on larder.row_failures (chunk_id)`.execute(db);
  },
};
