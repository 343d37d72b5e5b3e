import type { Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import type { Database } from './database.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { kyselyOver, type OfflineStore } from './offline-store.ts';
import { checkServerVersion } from './connection/server-version.ts';
import { allowSilence } from './connection/silence-guard.ts';

const SCHEMA = 'larder';
const TABLE = 'migrations';
/** For one statement of a migration, and for waiting until another process has migrated. */
const MIGRATION_TIMEOUT_MS = 600_000;

/** Tables that nobody else reads. */
type MigrationTables = {
  'larder.migrations': { name: string };
  'pg_catalog.pg_tables': { schemaname: string; tablename: string };
};

export interface MigrateResult {
  /** Names of the migrations that this call ran, in order. */
  readonly applied: readonly string[];
}

/**
 * Brings schema `larder` up to this code. Any number of processes may call it at once: one migrates under an advisory
 * lock, the others wait and find nothing to do. A database that newer code has migrated further is left as it is.
 *
 * @throws DATABASE_TOO_OLD
 */
export async function migrate(store: OfflineStore): Promise<MigrateResult> {
  if ((await pendingMigrations(store)).length === 0) return { applied: [] };
  await checkServerVersion(store);
  const client = await store.pool.connect();
  try {
    allowSilence(client, MIGRATION_TIMEOUT_MS);
    await client.query(`set statement_timeout = ${MIGRATION_TIMEOUT_MS}`);
    await client.query(`select pg_advisory_lock(hashtextextended('larder:migrate', 0))`);
    return await migrateLocked(kyselyOver(client), MIGRATIONS);
  } finally {
    // The lock belongs to the session; closing it is the one release that cannot be forgotten.
    client.release(true);
  }
}

/** Names of the migrations this code has and the database lacks. */
export async function pendingMigrations(store: Pick<OfflineStore, 'db'>): Promise<string[]> {
  return pendingOf(store.db, MIGRATIONS);
}

async function pendingOf(
  db: Kysely<Database>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<string[]> {
  const names = Object.keys(migrations).toSorted();
  const tables = db.withTables<MigrationTables>();
  // By the catalogue, not by to_regclass: its cache may predate what another process committed while this one waited.
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
