import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What only the owner of a table may do, for a runtime login that owns nothing in this schema. The functions run with the
 * rights of the owner; none of them touches the audit.
 */
export const runtimeLogin: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create function larder.drop_partition(child text) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      begin
        if child !~ '^(changes|predictions)_[0-9]{4}(_[0-9]{2}){1,2}$' then
          raise exception 'larder.drop_partition does not drop %', child;
        end if;
        execute format('drop table if exists larder.%I', child);
      end $$`.execute(db);

    // Statistics keep values of deleted rows: ANALYZE leaves those of an empty table, and PostgreSQL before 18 cannot clear them.
    await sql`
      create function larder.analyze_columns(name text, columns text[]) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare
        empty boolean;
      begin
        execute format('analyze larder.%I (%s)', name, (select string_agg(quote_ident(c), ', ') from unnest(columns) c));
        execute format('select not exists (select from larder.%I)', name) into empty;
        if empty and to_regproc('pg_clear_attribute_stats') is not null then
          perform pg_clear_attribute_stats(schemaname::text, tablename::text, attname::text, inherited) from pg_stats
          where schemaname = 'larder' and tablename = name and attname = any(columns);
        end if;
      end $$`.execute(db);
    await sql`
      do $$
      declare
        held record;
      begin
        for held in
          select distinct case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as who
          from pg_class c cross join aclexplode(c.relacl) a
          where c.oid = 'larder.migrations'::regclass and a.grantee <> c.relowner
        loop
          execute format('revoke insert, update, delete on larder.migrations from %s', held.who);
        end loop;
      end $$`.execute(db);
  },
};
