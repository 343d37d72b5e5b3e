import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Which PostgreSQL the control tables have lived in. A recovery to a point in time, and the promotion of a replica, start
 * another timeline: what was numbered after that point is unknown to the database, but not to Redis, to the queue and to
 * consumers of the feed. So numbers jump ahead before anything new gets one, whichever process brings it, an old one too.
 */
export const recoveries: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.recoveries (
        cluster text primary key,
        noticed_at timestamptz not null default now(),
        jumped boolean not null
      )`.execute(db);

    // Rights of the owner: the login of services may not set sequences.
    await sql`
create function larder.notice_recovery() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  present text;
  before text;
begin
  begin
    select system_identifier || '/' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)
    into present from pg_control_system();
  exception when others then
    -- A service without write-ahead log of its own, or one that hides it: larder restore --authoritative jumps there.
    return false;
  end;
  if exists (select from larder.recoveries where cluster = present) then return false; end if;
  perform pg_advisory_xact_lock(hashtextextended('larder:recovery', 0));
  select cluster into before from larder.recoveries order by noticed_at desc limit 1;
  insert into larder.recoveries (cluster, jumped) values (present, before is not null) on conflict do nothing;
  if not found or before is null then return false; end if;
  -- Farther on each timeline: a second recovery to before the first must not give the numbers of the first again.
  perform larder.jump_ahead(before, present, 1000000 * ('x' || right(present, 8))::bit(32)::bigint);
  return true;
end $$`.execute(db);

    await sql`
create function larder.jump_ahead(before text, present text, distance bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  counter record;
begin
  -- Not undone by a rollback, which only leaves a gap.
  for counter in select schemaname, sequencename, start_value, last_value from pg_sequences where schemaname = 'larder' loop
    perform setval(format('%I.%I', counter.schemaname, counter.sequencename)::regclass,
      coalesce(counter.last_value, counter.start_value) + distance);
  end loop;
  update larder.registry_revisions set revision = revision + distance;
  -- Cursors of consumers are of another feed now; those of chains were restored together with the feed.
  with renamed as (
    update larder.feeds f set feed_id = gen_random_uuid() from larder.feeds old
    where old.project = f.project returning f.project, old.feed_id as old_id, f.feed_id as new_id
  )
  update larder.chains c set cursor = replace(c.cursor, r.old_id::text, r.new_id::text)
  from renamed r where c.project = r.project;
  perform larder.add_audit_months();
  insert into larder.audit (audit_id, project, actor, action, subject, before, after, outcome)
  select gen_random_uuid(), project, 'database', 'project.recovered', project, before, present, 'done'
  from larder.registry_revisions;
end $$`.execute(db);
    await sql`revoke execute on function larder.jump_ahead(text, text, bigint) from public`.execute(db);

    // For a PostgreSQL whose timeline does not tell: the online store has rows of later revisions than any run.
    await sql`
create function larder.jump_beyond(revision bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  given bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('larder:recovery', 0));
  select last_value into given from pg_sequences
  where format('%I.%I', schemaname, sequencename) = pg_get_serial_sequence('larder.runs', 'revision');
  given := coalesce(given, 0);
  -- Revisions have 40 bits; one so large was never given, so the row that has it is damaged.
  if revision <= given or revision >= 2::numeric ^ 39 then return false; end if;
  perform larder.jump_ahead('revision ' || given, 'revision ' || revision || ' in Redis',
    ((revision - given) / 1000000 + 1) * 1000000);
  return true;
end $$`.execute(db);

    await sql`
create function larder.before_numbering() returns trigger language plpgsql as $$
begin
  perform larder.notice_recovery();
  return null;
end $$`.execute(db);
    // Per statement, and so before the defaults of its rows are taken from the sequences.
    for (const table of [
      'runs',
      'chunks',
      'alias_moves',
      'model_version_marks',
      'manifests',
      'unnumbered_changes',
    ])
      await sql`
        create trigger recovery_noticed before insert on ${sql.table(`larder.${table}`)}
        for each statement execute function larder.before_numbering()`.execute(db);
    await sql`
      create trigger recovery_noticed_first before update of revision on larder.chunks
      for each statement execute function larder.before_numbering()`.execute(db);
    await sql`select larder.notice_recovery()`.execute(db);
  },
};
