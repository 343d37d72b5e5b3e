import { LarderError } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import pg from 'pg';
import { CopyWriter } from '../copy/copy-writer.ts';
import { copyIn } from '../copy/copy.ts';
import type { StoreTransaction } from '../offline-store.ts';
import { ensureMonthlyPartitions, monthOf } from '../partitions/monthly-partitions.ts';
import { historyTable, type HistoryProject, type HistoryRow } from './history-table.ts';

const UNIQUE_VIOLATION = '23505';

/**
 * Appends rows to the view's history by binary COPY inside the caller's transaction, which is aborted when this fails
 * after the rows are checked. Creates partitions that are missing for the rows' months.
 * @throws FEATURE_VALUE_INVALID before anything is sent, when a value does not fit what the view declares.
 * @throws HISTORY_ROW_EXISTS when a row with the same keys, timestamps and revision already exists.
 */
export async function appendHistory(
  tx: StoreTransaction,
  project: HistoryProject,
  view: FeatureViewManifest,
  rows: readonly HistoryRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const table = historyTable(project, view);
  const out = new CopyWriter();
  for (const row of rows) table.writeRow(out, row);
  await ensureMonthlyPartitions(
    tx.db,
    table,
    rows.map((row) => monthOf(row.eventTimestampMs)),
  );
  try {
    await copyIn(tx.client, `"${table.schema}"."${table.name}" (${table.copyColumns})`, out.finish());
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION)
      throw new LarderError(
        'HISTORY_ROW_EXISTS',
        `${table.ref}: two rows with the same join keys, event timestamp, created timestamp and revision; change the source to return one of them.`,
        { cause: error },
      );
    throw error;
  }
}
