import { LarderError } from '@larder/core';
import { entityKey, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import pg from 'pg';
import { CopyWriter } from '../copy/copy-writer.ts';
import { copyIn } from '../copy/copy.ts';
import type { StoreTransaction } from '../offline-store.ts';
import { erasedAmong, holdOffErasures } from '../erasure/hold-off-erasures.ts';
import { ensureMonthlyPartitions, monthOf } from '../partitions/monthly-partitions.ts';
import { historyTable, type HistoryProject, type HistoryRow, type HistoryTable } from './history-table.ts';

const UNIQUE_VIOLATION = '23505';
/** Keys, order, lineage and a few numbers: the buffer seldom grows. */
const TYPICAL_ROW_BYTES = 160;

/**
 * Appends rows to the view's history by binary COPY inside the caller's transaction, which is aborted when this fails
 * after the rows are checked. Creates partitions that are missing for the rows' months.
 * @returns the rows that landed: all but those of erased entities
 * @throws FEATURE_VALUE_INVALID before anything is sent, when a value does not fit what the view declares.
 * @throws HISTORY_ROW_EXISTS when a row with the same keys, timestamps and revision already exists.
 */
export async function appendHistory(
  tx: StoreTransaction,
  project: HistoryProject,
  view: FeatureViewManifest,
  rows: readonly HistoryRow[],
): Promise<readonly HistoryRow[]> {
  if (rows.length === 0) return rows;
  const table = historyTable(project, view);
  // Checked before anything is sent.
  let out = rendered(table, rows);
  const kept = await withoutErased(tx, project, { view, rows });
  if (kept.length === 0) return kept;
  if (kept.length < rows.length) out = rendered(table, kept);
  await ensureMonthlyPartitions(
    tx.db,
    table,
    kept.map((row) => monthOf(row.eventTimestampMs)),
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
  return kept;
}

function rendered(table: HistoryTable, rows: readonly HistoryRow[]): CopyWriter {
  const out = new CopyWriter(rows.length * TYPICAL_ROW_BYTES);
  for (const row of rows) table.writeRow(out, row);
  return out;
}

interface RowsOfView {
  readonly view: FeatureViewManifest;
  readonly rows: readonly HistoryRow[];
}

async function withoutErased(
  tx: StoreTransaction,
  { project, entities }: HistoryProject,
  { view, rows }: RowsOfView,
): Promise<readonly HistoryRow[]> {
  const entity = entities[view.entity] as EntityManifest;
  if (!(await holdOffErasures(tx, project, entity.name))) return rows;
  const keys = rows.map((row) => entityKey(entity, row.keys));
  const erased = await erasedAmong(tx, { project, entity: entity.name, keys });
  return erased.size === 0 ? rows : rows.filter((_, at) => !erased.has(keys[at] as string));
}
