import type {
  ChangesTable,
  FeedsTable,
  UnnumberedChangesTable,
  ViewFreshnessTable,
} from './tables/changes.table.ts';
import type { ApiKeySecretsTable, ApiKeysTable } from './tables/api-keys.table.ts';
import type { ArchiveFilesTable, ArchivesTable, ArchiveViewsTable } from './tables/archives.table.ts';
import type { AuditTable } from './tables/audit.table.ts';
import type { ArtifactsTable, ObjectPartsTable, ObjectsTable } from './tables/artifacts.table.ts';
import type {
  AliasMovesTable,
  ManifestsTable,
  ModelVersionMarksTable,
  ModelVersionsTable,
  RegistryRevisionsTable,
  ViewVersionsTable,
} from './tables/registry.table.ts';
import type { ChunksTable, RowFailuresTable, RunsTable } from './tables/runs.table.ts';
import type { ErasuresTable, ErasureSecretsTable, TombstonesTable } from './tables/erasure.table.ts';
import type {
  RememberedContentsTable,
  RememberedUsesTable,
  RememberedValuesTable,
} from './tables/value-memory.table.ts';
import type { IncidentsTable, NoticesTable } from './tables/incidents.table.ts';
import type { ChainsTable, RunLinksTable } from './tables/chains.table.ts';
import type { StagedRowsTable } from './tables/staged-rows.table.ts';
import type { SchedulesTable } from './tables/schedules.table.ts';
import type { LabelsTable } from './tables/labels.table.ts';
import type { PredictionsTable } from './tables/predictions.table.ts';
import type { PushesTable } from './tables/pushes.table.ts';
import type { ProcessesTable } from './tables/processes.table.ts';
import type { WindowedViewsTable } from './tables/windowed-views.table.ts';
import type { ViewCostsTable } from './tables/view-costs.table.ts';
import type { TrainingSetsTable } from './tables/training-sets.table.ts';

/** The control tables, by qualified name; history tables are created per view and accessed through `src/history`. */
export interface Database {
  'larder.manifests': ManifestsTable;
  'larder.view_versions': ViewVersionsTable;
  'larder.model_versions': ModelVersionsTable;
  'larder.model_version_marks': ModelVersionMarksTable;
  'larder.alias_moves': AliasMovesTable;
  'larder.registry_revisions': RegistryRevisionsTable;
  'larder.objects': ObjectsTable;
  'larder.object_parts': ObjectPartsTable;
  'larder.artifacts': ArtifactsTable;
  'larder.predictions': PredictionsTable;
  'larder.labels': LabelsTable;
  'larder.runs': RunsTable;
  'larder.chunks': ChunksTable;
  'larder.row_failures': RowFailuresTable;
  'larder.staged_rows': StagedRowsTable;
  'larder.chains': ChainsTable;
  'larder.remembered_contents': RememberedContentsTable;
  'larder.remembered_uses': RememberedUsesTable;
  'larder.remembered_values': RememberedValuesTable;
  'larder.run_links': RunLinksTable;
  'larder.incidents': IncidentsTable;
  'larder.notices': NoticesTable;
  'larder.processes': ProcessesTable;
  'larder.view_costs': ViewCostsTable;
  'larder.pushes': PushesTable;
  'larder.schedules': SchedulesTable;
  'larder.unnumbered_changes': UnnumberedChangesTable;
  'larder.changes': ChangesTable;
  'larder.feeds': FeedsTable;
  'larder.view_freshness': ViewFreshnessTable;
  'larder.erasure_secrets': ErasureSecretsTable;
  'larder.tombstones': TombstonesTable;
  'larder.erasures': ErasuresTable;
  'larder.training_sets': TrainingSetsTable;
  'larder.windowed_views': WindowedViewsTable;
  'larder.api_keys': ApiKeysTable;
  'larder.api_key_secrets': ApiKeySecretsTable;
  'larder.archives': ArchivesTable;
  'larder.archive_views': ArchiveViewsTable;
  'larder.archive_files': ArchiveFilesTable;
  'larder.audit': AuditTable;
}
