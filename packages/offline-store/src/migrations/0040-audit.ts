import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * The audit, and the functions by which a login that owns nothing in this schema adds partitions: they run with the
 * rights of the owner, so each accepts only what cannot change an entry.
 */
export const audit: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.audit (
        audit_id uuid not null,
        at timestamptz not null default clock_timestamp(),
        project text not null,
        actor text not null,
        key_id text,
        action text not null,
        subject text not null,
        request_id text,
        address text,
        before text,
        after text,
        outcome text not null check (outcome in ('done', 'refused')),
        code text,
        calls integer not null default 1,
        primary key (at, audit_id)
      ) partition by range (at)`.execute(db);
    await sql`create index audit_newest on larder.audit (project, at desc, audit_id desc)`.execute(db);
    await sql`create index audit_subject on larder.audit (project, subject, at desc)`.execute(db);

    // Never attaches a table that exists already: its owner could change the rows.
    await sql`
      create function larder.add_partition(parent text, suffix text, since timestamptz, until timestamptz) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare
        child text := parent || '_' || suffix;
      begin
        if parent not in ('audit', 'changes', 'predictions') or suffix !~ '^[0-9]{4}(_[0-9]{2}){1,2}$' then
          raise exception 'larder.add_partition does not make %', child;
        end if;
        execute format('lock table larder.%I in share update exclusive mode', parent);
        if exists (
          select from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = format('larder.%I', parent)::regclass and c.relname = child
        ) then
          return;
        end if;
        execute format('create table larder.%I (like larder.%I including defaults including constraints including storage)', child, parent);
        execute format('alter table larder.%I attach partition larder.%I for values from (%L) to (%L)',
          parent, child, since, until);
        if parent = 'audit' then perform larder.shield_audit(); end if;
      end $$`.execute(db);

    await sql`
      create function larder.add_audit_months() returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare
        month timestamp := date_trunc('month', now() at time zone 'utc');
      begin
        for ahead in 0..2 loop
          if not exists (
            select from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'larder.audit'::regclass and c.relname = 'audit_' || to_char(month, 'YYYY_MM')
          ) then
            perform larder.add_partition('audit', to_char(month, 'YYYY_MM'),
              month at time zone 'utc', (month + interval '1 month') at time zone 'utc');
          end if;
          month := month + interval '1 month';
        end loop;
      end $$`.execute(db);

    // Everyone but the owner keeps SELECT, and INSERT of every column but the time. Partitions are reached through the table.
    await sql`
      create function larder.shield_audit() returns void
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      declare
        held record;
        columns text;
      begin
        select string_agg(quote_ident(attname), ', ') into columns from pg_attribute
        where attrelid = 'larder.audit'::regclass and attnum > 0 and not attisdropped and attname <> 'at';
        for held in
          select distinct c.oid::regclass as place, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as who
          from pg_class c cross join aclexplode(c.relacl) a
          where a.grantee <> c.relowner and (c.oid = 'larder.audit'::regclass
            or c.oid in (select inhrelid from pg_inherits where inhparent = 'larder.audit'::regclass))
        loop
          execute format('revoke all on %s from %s', held.place, held.who);
          if held.place = 'larder.audit'::regclass then
            execute format('grant select, insert (%s) on larder.audit to %s', columns, held.who);
          end if;
        end loop;
      end $$`.execute(db);
    await sql`select larder.add_audit_months()`.execute(db);
    await sql`select larder.shield_audit()`.execute(db);
  },
};
