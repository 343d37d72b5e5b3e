import { LarderError } from '@larder/core';
import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import type { Database } from './database.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { noticeRecovery } from './recovery/notice-recovery.ts';
import { kyselyOver, type OfflineStore } from './offline-store.ts';
import { checkServerVersion } from './connection/server-version.ts';
import { allowSilence } from './connection/silence-guard.ts';

const SCHEMA = 'larder';
const TABLE = 'migrations';
/** Timeout of one statement of a migration, and of waiting until another process has migrated. */
const MIGRATION_TIMEOUT_MS = 600_000;
const RETRY_AFTER_SECONDS = 5;

/** Tables that only the migrator reads. */
type MigrationTables = {
  'larder.migrations': { name: string };
  'pg_catalog.pg_tables': { schemaname: string; tablename: string };
};

export interface MigrateResult {
  /** Names of the migrations that this call ran, in order. */
  readonly applied: readonly string[];
}

/**
 * Migrates the schema `larder` to the version of this code. Any number of processes may call it at once: one migrates
 * under an advisory lock, the others wait and find nothing to do. A database that newer code has migrated further is
 * not changed.
 *
 * @throws DATABASE_TOO_OLD; DATABASE_NOT_MIGRATED, to be tried again, where the tables belong to another login
 */
export async function migrate(store: OfflineStore): Promise<MigrateResult> {
  if ((await pendingMigrations(store)).length === 0) {
    // Every process begins here.
    await noticeRecovery(store);
    return { applied: [] };
  }
  await checkServerVersion(store);
  await refuseOthersTables(store);
  const client = await store.pool.connect();
  try {
    allowSilence(client, MIGRATION_TIMEOUT_MS);
    await client.query(`set statement_timeout = ${MIGRATION_TIMEOUT_MS}`);
    await client.query(`select pg_advisory_lock(hashtextextended('larder:migrate', 0))`);
    return await migrateLocked(kyselyOver(client), MIGRATIONS);
  } finally {
    // The lock belongs to the session; closing the session always releases it.
    client.release(true);
  }
}

/** @throws DATABASE_NOT_MIGRATED */
async function refuseOthersTables(store: Pick<OfflineStore, 'db'>): Promise<void> {
  const { rows } = await sql<{ nspname: string }>`
    select nspname from pg_namespace
    where nspname = ${SCHEMA} and not pg_has_role(nspowner, 'USAGE')`.execute(store.db);
  if (rows.length === 0) return;
  throw new LarderError(
    'DATABASE_NOT_MIGRATED',
    'The database lacks tables of this version of Larder, and only the owner of its tables may add them. Set LARDER_OWNER_DATABASE_URL and run: larder migrate',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

/** Names of the migrations that this code has and the database does not. */
export async function pendingMigrations(store: Pick<OfflineStore, 'db'>): Promise<string[]> {
  return pendingOf(store.db, MIGRATIONS);
}

async function pendingOf(
  db: Kysely<Database>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<string[]> {
  const names = Object.keys(migrations).toSorted();
  const tables = db.withTables<MigrationTables>();
  // Reads the catalog, not to_regclass: its cache may be older than what another process committed while this one waited.
  const table = await tables
    .selectFrom('pg_catalog.pg_tables')
    .select('tablename')
    .where('schemaname', '=', SCHEMA)
    .where('tablename', '=', TABLE)
    .executeTakeFirst();
  if (table === undefined) return names;
  const executed = await tables.selectFrom(`${SCHEMA}.${TABLE}`).select('name').execute();
  const done = new Set(executed.map((row) => row.name));
  return names.filter((name) => !done.has(name));
}

async function migrateLocked(
  db: Kysely<Database>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<MigrateResult> {
  if ((await pendingOf(db, migrations)).length === 0) return { applied: [] };
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableSchema: SCHEMA,
    migrationTableName: TABLE,
    migrationLockTableName: 'migrations_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return { applied: (results ?? []).map((result) => result.migrationName) };
}
