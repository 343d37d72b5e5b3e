import type { Kysely } from 'kysely';
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
 * @throws DATABASE_TOO_OLD
 */
export async function migrate(store: OfflineStore): Promise<MigrateResult> {
  if ((await pendingMigrations(store)).length === 0) {
    // Every process begins here.
    await noticeRecovery(store);
    return { applied: [] };
  }
  await checkServerVersion(store);
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
