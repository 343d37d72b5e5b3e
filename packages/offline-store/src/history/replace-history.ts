import { sql } from 'kysely';
import type { StoreTransaction } from '../offline-store.ts';

export interface ViewVersion {
  readonly project: string;
  readonly view: string;
  readonly version: number;
}

/** Histories that are kept aside for a view version; older ones are dropped. */
export const KEPT_ASIDE = 3;

export interface Replacement {
  /** Fingerprint of the definition that computed the present history. */
  readonly was: string;
  /** Fingerprint of the definition that replaces it. */
  readonly now: string;
}

/**
 * Moves the history of a view version out of the way and brings back the one that the new definition computed before, if
 * it is kept; part of the caller's transaction. The newest `KEPT_ASIDE` are kept. The caller must end its runs first.
 * @returns whether one came back; otherwise the view version has no history
 */
export async function replaceHistoryIn(
  tx: StoreTransaction,
  target: ViewVersion,
  { was, now }: Replacement,
): Promise<boolean> {
  const name = tableName(target);
  const aside = asideSchema(target, was);
  await sql`create schema if not exists ${sql.ref(aside)}`.execute(tx.db);
  await sql`drop table if exists ${sql.table(`${aside}.${name}`)}`.execute(tx.db);
  if (await moveTable(tx, name, { from: historySchema(target), to: aside })) {
    const at = sql.lit(new Date().toISOString());
    await sql`comment on table ${sql.table(`${aside}.${name}`)} is ${at}`.execute(tx.db);
  }
  const back = await moveTable(tx, name, { from: asideSchema(target, now), to: historySchema(target) });
  for (const older of (await asideSchemas(tx, target)).slice(KEPT_ASIDE))
    await sql`drop table ${sql.table(`${older}.${name}`)}`.execute(tx.db);
  await dropEmptySchemas(tx, target.project);
  return back;
}

/** Partitions do not follow their table to another schema by themselves; indexes do. */
async function moveTable(
  tx: StoreTransaction,
  name: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<boolean> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c
    where c.oid = to_regclass(${`"${from}"."${name}"`})
      or c.oid in (select inhrelid from pg_inherits where inhparent = to_regclass(${`"${from}"."${name}"`}))`.execute(
    tx.db,
  );
  for (const table of rows)
    await sql`alter table ${sql.table(`${from}.${table.name}`)} set schema ${sql.ref(to)}`.execute(tx.db);
  return rows.length > 0;
}

/** Schemas that keep a history of the view version, the newest first. */
async function asideSchemas(tx: StoreTransaction, target: ViewVersion): Promise<string[]> {
  const { rows } = await sql<{ schema: string }>`
    select n.nspname as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname ~ ${asidePattern(target.project)} and c.relname = ${tableName(target)}
    order by obj_description(c.oid, 'pg_class') desc nulls last`.execute(tx.db);
  return rows.map(({ schema }) => schema);
}

async function dropEmptySchemas(tx: StoreTransaction, project: string): Promise<void> {
  const { rows } = await sql<{ schema: string }>`
    select n.nspname as schema from pg_namespace n
    where n.nspname ~ ${asidePattern(project)} and not exists (select from pg_class c where c.relnamespace = n.oid)`.execute(
    tx.db,
  );
  for (const { schema } of rows) await sql`drop schema ${sql.ref(schema)}`.execute(tx.db);
}

function tableName({ view, version }: ViewVersion): string {
  return `${view}_v${version}`;
}

function historySchema({ project }: ViewVersion): string {
  return `${project}_history`;
}

/** At most 59 bytes of the 63 that a name may have. */
function asideSchema({ project }: ViewVersion, fingerprint: string): string {
  return `${project}_aside_${fingerprint.slice(0, 12)}`;
}

function asidePattern(project: string): string {
  return `^${project}_aside_[0-9a-f]{12}$`;
}
