import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileOrder, loadHistory, syncPath, writeFile, type Duckdb } from '@larder/archive';
import type { EntityManifest, FeatureViewManifest, Manifest } from '@larder/features';
import { historyMonths, historyPlace, type StoreTransaction } from '@larder/offline-store';
import type { BackupContents } from './backup-folder.ts';
import { historyColumns } from './history-columns.ts';

export interface ChosenHistory {
  readonly views: readonly FeatureViewManifest[];
  /** First and last UTC month, such as `2026-11`; null: no limit. */
  readonly from: string | null;
  readonly to: string | null;
}

const TABLE = 'backed_up_rows';

/** Writes the chosen months as Parquet, one file each, as the transaction sees them, in constant memory. */
export async function writeHistory(
  tx: StoreTransaction,
  duckdb: Duckdb,
  {
    folder,
    manifest,
    history: { views, from, to },
    signal,
  }: {
    readonly folder: string;
    readonly manifest: Manifest;
    readonly history: ChosenHistory;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<BackupContents['history']> {
  const written: BackupContents['history'] = [];
  for (const view of views) {
    const columns = historyColumns(manifest, view);
    const orderBy = fileOrder(manifest.entities[view.entity] as EntityManifest);
    for (const { month, partition } of await historyMonths(tx, historyPlace(manifest, view))) {
      if ((from !== null && month < from) || (to !== null && month > to)) continue;
      const rows = { project: manifest, view, columns, partition, where: 'true', signal, table: TABLE };
      await loadHistory(tx, duckdb, rows);
      const place = `history/${view.name}_v${view.version}`;
      const path = `${place}/${month}.parquet`;
      await mkdir(join(folder, place), { recursive: true });
      const count = await writeFile(duckdb, `select * from ${TABLE}`, {
        path: join(folder, path),
        format: 'parquet',
        orderBy,
      });
      await duckdb.run(`drop table ${TABLE}`);
      if (count === 0) {
        await rm(join(folder, path));
        continue;
      }
      await syncPath(join(folder, path));
      written.push({ view: view.name, version: view.version, month, rows: count, path });
    }
  }
  return written;
}
