-- The two logins of Larder in one database:
--   larder_owner  owns the control tables: `larder migrate` and the migrations of `larder apply` (LARDER_OWNER_DATABASE_URL)
--   larder_app    everything else: services, workers, commands (LARDER_DATABASE_URL); it cannot change the audit
--
-- Run it in Larder's database as a superuser; repeat it at will. It also splits a database that one login used so far.
-- Where the administrator is no superuser (managed PostgreSQL), first: grant larder_owner, larder_app to current_user;
-- Then give both a password: alter role larder_owner password '…'; alter role larder_app password '…';

do $$
declare
  made text;
begin
  foreach made in array array['larder_owner', 'larder_app'] loop
    if not exists (select from pg_roles where rolname = made) then
      execute format('create role %I login', made);
    end if;
    -- larder_app makes the schemas of history.
    execute format('grant connect, temporary, create on database %I to %I', current_database(), made);
  end loop;
end $$;

-- Migrations also change tables of history.
grant larder_app to larder_owner;

create schema if not exists larder authorization larder_owner;
alter schema larder owner to larder_owner;
grant usage on schema larder to larder_app;
revoke create on schema larder from larder_app, public;

-- What is there already: control tables to the owner, history to the runtime.
do $$
declare
  it record;
begin
  for it in
    select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'larder' and c.relkind in ('r', 'p', 'v', 'm') and c.relowner <> 'larder_owner'::regrole
  loop
    execute format('alter table %s owner to larder_owner', it.name);
  end loop;
  for it in
    select p.oid::regprocedure as name from pg_proc p where p.pronamespace = 'larder'::regnamespace
  loop
    execute format('alter function %s owner to larder_owner', it.name);
  end loop;
  for it in
    select nspname as name from pg_namespace where nspname ~ '_(history|aside_[0-9a-f]{12})$'
  loop
    execute format('alter schema %I owner to larder_app', it.name);
  end loop;
  for it in
    select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname ~ '_(history|aside_[0-9a-f]{12})$' and c.relkind in ('r', 'p') and c.relowner <> 'larder_app'::regrole
  loop
    execute format('alter table %s owner to larder_app', it.name);
  end loop;
end $$;

grant select, insert, update, delete on all tables in schema larder to larder_app;
grant usage, select on all sequences in schema larder to larder_app;
alter default privileges for role larder_owner in schema larder
  grant select, insert, update, delete on tables to larder_app;
alter default privileges for role larder_owner in schema larder grant usage, select on sequences to larder_app;

-- SELECT and INSERT are all that is left on the audit; nobody but the owner records migrations.
do $$
begin
  if to_regclass('larder.audit') is not null then perform larder.shield_audit(); end if;
  if to_regclass('larder.migrations') is not null then
    revoke insert, update, delete on larder.migrations from larder_app;
  end if;
end $$;
