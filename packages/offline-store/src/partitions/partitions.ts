import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../database.ts';

export interface PartitionedTable {
  readonly schema: string;
  readonly name: string;
}

/** A time range with its own partition, from its start up to the start of the next one. */
export interface Partition {
  /** `2026_11`: the partition name is the table name followed by this. */
  readonly suffix: string;
  /** ISO 8601 */
  readonly from: string;
  readonly to: string;
}

/** Limit per transaction: each partition has several tables and indexes, all locked until the commit. */
export const MAX_NEW_PARTITIONS = 12;

/**
 * Creates the missing partitions inside the caller's transaction. Creators of one table's partitions wait for
 * each other until they commit; readers and writers of the table do not wait, because ATTACH takes SHARE UPDATE
 * EXCLUSIVE where PARTITION OF would take ACCESS EXCLUSIVE.
 * @throws Error when more than `MAX_NEW_PARTITIONS` are missing
 */
export async function ensurePartitions(
  db: Transaction<Database>,
  table: PartitionedTable,
  wanted: readonly Partition[],
): Promise<void> {
  const { length: count } = await missingPartitions(db, table, wanted);
  if (count === 0) return;
  if (count > MAX_NEW_PARTITIONS)
    throw new Error(
      `${table.name} lacks ${count} partitions; one transaction creates at most ${MAX_NEW_PARTITIONS}.`,
    );
  if (table.schema === 'larder') {
    // The owner's function: the runtime login need not own the table.
    for (const { suffix, from, to } of wanted)
      await sql`select larder.add_partition(${table.name}, ${suffix}, ${from}, ${to})`.execute(db);
    return;
  }
  const parent = sql.table(`${table.schema}.${table.name}`);
  // The same lock as ATTACH takes. A table lock, unlike an advisory one, makes commits of other sessions visible to to_regclass.
  await sql`lock table ${parent} in share update exclusive mode`.execute(db);
  for (const { suffix, from, to } of await missingPartitions(db, table, wanted)) {
    const partition = sql.table(`${table.schema}.${table.name}_${suffix}`);
    await sql`create table ${partition} (like ${parent} including defaults including storage)`.execute(db);
    await sql`alter table ${parent} attach partition ${partition}
      for values from (${sql.lit(from)}) to (${sql.lit(to)})`.execute(db);
  }
}

/** Returns the missing partitions in the given order. The transaction that creates a partition also attaches it, so a visible one is attached. */
export async function missingPartitions<P extends Partition>(
  db: Kysely<Database>,
  table: PartitionedTable,
  wanted: readonly P[],
): Promise<P[]> {
  const names = wanted.map(({ suffix }) => `"${table.schema}"."${table.name}_${suffix}"`);
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass(name) is not null as there
    from unnest(${names}::text[]) with ordinality as wanted (name, at) order by at`.execute(db);
  return wanted.filter((_, at) => rows[at]?.there === false);
}
