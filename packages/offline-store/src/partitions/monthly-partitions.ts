import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../database.ts';

/** Months since year 0, UTC: 2026-11 is 2026 × 12 + 10. */
export type Month = number;

export function monthOf(timestampMs: number): Month {
  const date = new Date(timestampMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

export interface PartitionedTable {
  readonly schema: string;
  readonly name: string;
}

/** That one transaction creates at most: each is several tables and indexes, all locked until it commits. */
export const MAX_NEW_PARTITIONS = 12;

/**
 * Creates the partitions that these months still lack, inside the caller's transaction. Creators of one table's
 * partitions wait for each other until they commit; readers and writers of the table wait for nobody, because
 * ATTACH takes SHARE UPDATE EXCLUSIVE where PARTITION OF would take ACCESS EXCLUSIVE.
 * @throws Error when more than `MAX_NEW_PARTITIONS` are missing
 */
export async function ensureMonthlyPartitions(
  db: Transaction<Database>,
  table: PartitionedTable,
  months: Iterable<Month>,
): Promise<void> {
  const wanted = [...new Set(months)].toSorted((a, b) => a - b);
  const { length: count } = await missingPartitions(db, table, wanted);
  if (count === 0) return;
  if (count > MAX_NEW_PARTITIONS)
    throw new Error(
      `${table.name} lacks ${count} partitions; one transaction creates at most ${MAX_NEW_PARTITIONS}.`,
    );
  const parent = sql.table(`${table.schema}.${table.name}`);
  // The lock that ATTACH takes anyway. A lock on a table, unlike an advisory one, makes what others committed visible to to_regclass.
  await sql`lock table ${parent} in share update exclusive mode`.execute(db);
  for (const month of await missingPartitions(db, table, wanted)) {
    const partition = sql.table(`${table.schema}.${partitionName(table, month)}`);
    await sql`create table ${partition} (like ${parent} including defaults including storage)`.execute(db);
    await sql`alter table ${parent} attach partition ${partition}
      for values from (${sql.lit(monthStart(month))}) to (${sql.lit(monthStart(month + 1))})`.execute(db);
  }
}

/** Ascending. A partition is attached by the transaction that creates it, so one that is visible is attached. */
export async function missingPartitions(
  db: Kysely<Database>,
  table: PartitionedTable,
  months: readonly Month[],
): Promise<Month[]> {
  const names = months.map((month) => `"${table.schema}"."${partitionName(table, month)}"`);
  const { rows } = await sql<{ missing: string }>`
    select month as missing from unnest(${months}::int[], ${names}::text[]) as wanted (month, name)
    where to_regclass(name) is null order by month`.execute(db);
  return rows.map((row) => Number(row.missing));
}

function partitionName(table: PartitionedTable, month: Month): string {
  return `${table.name}_${monthStart(month).slice(0, 7).replace('-', '_')}`;
}

function monthStart(month: Month): string {
  const year = String(Math.floor(month / 12)).padStart(4, '0');
  return `${year}-${String((month % 12) + 1).padStart(2, '0')}-01T00:00:00Z`;
}
