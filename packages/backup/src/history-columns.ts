import { archiveColumns, quotedName, type ArchiveColumns } from '@larder/archive';
import type { FeatureViewManifest } from '@larder/features';
import { historyTable, type HistoryProject } from '@larder/offline-store';

/** The columns of an archive, and what it leaves out because training does not need it: where a partial push kept values from. */
export function historyColumns(project: HistoryProject, view: FeatureViewManifest): ArchiveColumns {
  const columns = archiveColumns(project, view);
  if (!historyTable(project, view).keepsValues) return columns;
  const kept = 'kept_from';
  return {
    ...columns,
    columns: [
      ...columns.columns,
      {
        name: kept,
        type: 'VARCHAR',
        copied: `history.${quotedName(kept)}::text`,
        csvType: 'VARCHAR',
        loaded: quotedName(kept),
      },
    ],
  };
}
