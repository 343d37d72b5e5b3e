import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What needs a person, since when, and what was told about it to the webhook. */
export const incidents: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.incidents (
        incident_id uuid primary key default gen_random_uuid(),
        project text not null,
        kind text not null,
        subject text not null,
        since timestamptz not null,
        detail text not null,
        next text,
        opened_at timestamptz not null default clock_timestamp(),
        resolved_at timestamptz
      )`.execute(db);
    await sql`
      create unique index incidents_open on larder.incidents (project, kind, subject) where resolved_at is null`.execute(
      db,
    );
    await sql`create index incidents_ended on larder.incidents (project, resolved_at) where resolved_at is not null`.execute(
      db,
    );
    await sql`
      create table larder.notices (
        notice_id uuid primary key default gen_random_uuid(),
        incident_id uuid not null references larder.incidents on delete cascade,
        event text not null check (event in ('opened', 'resolved')),
        created_at timestamptz not null default clock_timestamp(),
        attempts integer not null default 0,
        next_attempt_at timestamptz not null,
        error text,
        sent_at timestamptz,
        given_up_at timestamptz,
        unique (incident_id, event)
      )`.execute(db);
    await sql`
      create index notices_waiting on larder.notices (next_attempt_at)
      where sent_at is null and given_up_at is null`.execute(db);
    // Runs that ended badly are few among those that ended.
    await sql`
      create index runs_ended_badly on larder.runs (project, finished_at desc)
      where status in ('failed', 'partial')`.execute(db);
    await sql`
      create function larder.open_incident(of_project text, of_kind text, of_subject text, of_since timestamptz,
        of_detail text, of_next text, calm interval) returns void language plpgsql as $$
      declare
        opened uuid;
      begin
        insert into larder.incidents (project, kind, subject, since, detail, next)
        values (of_project, of_kind, of_subject, of_since, left(of_detail, 500), of_next)
        on conflict (project, kind, subject) where resolved_at is null do nothing
        returning incident_id into opened;
        if opened is not null then
          insert into larder.notices (incident_id, event, next_attempt_at) values (opened, 'opened', now() + calm);
        end if;
      end $$`.execute(db);
    // In the transaction that ends or holds the run, whichever release moves it.
    await sql`
      create function larder.notice_run() returns trigger language plpgsql as $$
      begin
        perform larder.open_incident(new.project, 'run_' || new.status, new.view || '@' || new.version,
          coalesce(new.finished_at, now()),
          case new.status
            when 'held' then 'a run is held'
            when 'failed' then 'a run failed: ' || coalesce(new.error_reason, 'none of its rows landed')
            else new.rows_failed || ' of ' || (new.rows_done + new.rows_failed + new.rows_skipped) || ' rows of a run failed' end,
          'larder runs ' || new.run_id, interval '0');
        return null;
      end $$`.execute(db);
    await sql`
      create trigger notice_run after update of status on larder.runs for each row
      when (new.status is distinct from old.status and (new.status in ('held', 'failed')
        or new.status = 'partial' and new.rows_failed >= 0.05 * (new.rows_done + new.rows_failed + new.rows_skipped)))
      execute function larder.notice_run()`.execute(db);
    await sql`alter table larder.processes add column log_dropped bigint not null default 0`.execute(db);
    await sql`alter table larder.processes add column log_dropped_at timestamptz`.execute(db);
  },
};
