import { setTimeout as pause } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import pg from 'pg';

const LOCK_NOT_AVAILABLE = '55P03';
/** Below PostgreSQL's `deadlock_timeout`, so that it is this side that gives way. */
const LOCK_TIMEOUT_MS = 500;
const PAUSE_MS = 500;
const ATTEMPTS = 600;

/** Keys that the source no longer has, and the times at which chunks of deleted runs were online. */
export const gone: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.kept_online_times (
        chunk_id bigint primary key,
        online_at timestamptz not null
      )`.execute(db);
    await sql`
      create view larder.chunk_online_times as
      select chunk_id, online_at from larder.chunks where online_at is not null
      union all
      select chunk_id, online_at from larder.kept_online_times`.execute(db);
    const tables = await histories(db);
    if (tables.length === 0) return;
    await lockAll(db, tables);
    // A constant default: only the catalog changes. Processes of the previous version do not name the column.
    for (const table of tables)
      await sql`alter table ${sql.table(table)} add column is_gone boolean not null default false`.execute(
        db,
      );
  },
};

/** History tables of all projects, those set aside included, except where a field is named `is_gone`. */
async function histories(db: Kysely<unknown>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'p' and n.nspname ~ '^[a-z][a-z0-9_]*_(history|aside_[0-9a-f]{12})$'
      and (select count(*) filter (where attname in
          ('event_timestamp', 'created_timestamp', 'revision', 'landed_at', 'chunk_id', 'input_hash')) = 6
        and not coalesce(bool_or(attname = 'is_gone'), false)
        from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped)
    order by 1`.execute(db);
  return rows.map(({ name }) => name);
}

/**
 * All locks at once or none: a table that waits in the lock queue blocks everybody who comes after it, so each attempt is
 * short, and gives all of them back.
 */
async function lockAll(db: Kysely<unknown>, tables: readonly string[]): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(LOCK_TIMEOUT_MS)}`.execute(db);
  const all = sql.join(tables.map((table) => sql.table(table)));
  for (let attempt = 1; ; attempt++) {
    await sql`savepoint unlocked`.execute(db);
    try {
      await sql`lock table ${all} in access exclusive mode`.execute(db);
      break;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE) || attempt === ATTEMPTS)
        throw error;
      await sql`rollback to savepoint unlocked`.execute(db);
      await pause(PAUSE_MS);
    }
  }
  await sql`set local lock_timeout = 0`.execute(db);
}
