import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureViewManifest } from '@larder/features';
import { copyToFile, historyPlace, type HistoryProject, type StoreTransaction } from '@larder/offline-store';
import type { Duckdb } from '../duckdb/open-duckdb.ts';
import { scanFile } from '../duckdb/scan-file.ts';
import { quotedName, textLiteral } from '../duckdb/sql-text.ts';
import type { ArchiveColumns } from './archive-columns.ts';

export interface LoadedRows {
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly columns: ArchiveColumns;
  /** Partition of the history table. @default the whole table */
  readonly partition?: string;
  /** Condition over `history` in PostgreSQL. */
  readonly where: string;
  readonly signal?: AbortSignal | undefined;
}

/** A text or json value may have as many bytes as a row of the archive. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Copies rows of history, as the transaction sees them, into a new table of DuckDB, in constant memory. */
export async function loadHistory(
  tx: StoreTransaction,
  duckdb: Duckdb,
  { project, view, columns, partition, where, signal, table }: LoadedRows & { readonly table: string },
): Promise<void> {
  const place = historyPlace(project, view);
  const path = join(duckdb.folder, `${table}.csv`);
  const expressions = columns.columns.map(({ name, copied }) => `${copied} as ${quotedName(name)}`);
  try {
    await copyToFile(
      tx.client,
      `select ${expressions.join(', ')} from "${place.schema}"."${partition ?? place.name}" history
       left join larder.chunk_online_times online on online.chunk_id = history.chunk_id where ${where}`,
      { path, signal },
    );
    const types = Object.fromEntries(columns.columns.map(({ name, csvType }) => [name, csvType]));
    const rows = scanFile({
      path,
      format: 'csv',
      columns: types,
      header: false,
      linesEndWithLf: true,
      maxLineBytes: MAX_LINE_BYTES,
    });
    const loaded = columns.columns.map(({ name, loaded: from }) => `${from} as ${quotedName(name)}`);
    await duckdb.run(
      `create or replace table ${quotedName(table)} as select ${loaded.join(', ')} from ${rows}`,
      {
        what: `Reading the history of ${place.ref}`,
      },
    );
  } finally {
    await rm(path, { force: true });
  }
}

/** The UTC months of a loaded table. */
export async function monthsOf(duckdb: Duckdb, table: string): Promise<string[]> {
  const rows = await duckdb.all<{ month: string }>(
    `select distinct ${MONTH_OF_EVENT} as month from ${quotedName(table)} order by 1`,
  );
  return rows.map(({ month }) => month);
}

export const rowsOfMonth = (table: string, month: string): string =>
  `(select * from ${quotedName(table)} where ${MONTH_OF_EVENT} = ${textLiteral(month)})`;

const MONTH_OF_EVENT = `strftime(event_timestamp at time zone 'UTC', '%Y-%m')`;
