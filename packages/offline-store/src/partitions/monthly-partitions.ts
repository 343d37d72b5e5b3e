import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../database.ts';
import { ensurePartitions, missingPartitions, type Partition, type PartitionedTable } from './partitions.ts';

/** Months since year 0, UTC: 2026-11 is 2026 × 12 + 10. */
export type Month = number;

export function monthOf(timestampMs: number): Month {
  const date = new Date(timestampMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Runs `ensurePartitions` for these months. */
export async function ensureMonthlyPartitions(
  db: Transaction<Database>,
  table: PartitionedTable,
  months: Iterable<Month>,
): Promise<void> {
  await ensurePartitions(db, table, partitionsOf(months));
}

/** Returns the missing months in ascending order. */
export async function missingMonths(
  db: Kysely<Database>,
  table: PartitionedTable,
  months: Iterable<Month>,
): Promise<Month[]> {
  return (await missingPartitions(db, table, partitionsOf(months))).map(({ month }) => month);
}

function partitionsOf(months: Iterable<Month>): (Partition & { readonly month: Month })[] {
  return [...new Set(months)]
    .toSorted((a, b) => a - b)
    .map((month) => ({
      month,
      suffix: monthStart(month).slice(0, 7).replace('-', '_'),
      from: monthStart(month),
      to: monthStart(month + 1),
    }));
}

function monthStart(month: Month): string {
  const year = String(Math.floor(month / 12)).padStart(4, '0');
  return `${year}-${String((month % 12) + 1).padStart(2, '0')}-01T00:00:00Z`;
}
