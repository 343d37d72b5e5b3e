// Connection and migrations
export { createOfflineStore } from './offline-store.ts';
export type { OfflineStore, OfflineStoreOptions, StoreTransaction } from './offline-store.ts';
export { poolStats } from './connection/pool-stats.ts';
export { isDatabaseError } from './connection/database-errors.ts';
export { withinDeadline } from './connection/within-deadline.ts';
export { migrate, pendingMigrations } from './migrate.ts';
export type { MigrateResult } from './migrate.ts';
export { OLDEST_POSTGRES } from './connection/server-version.ts';
export type { Database } from './database.ts';
export { limitSilence } from './connection/limit-silence.ts';
export { storableReason, storableText } from './storable-text.ts';
export type {
  ChainedScope,
  ChunkState,
  ChunksTable,
  GoneState,
  PushedScope,
  RowFailuresTable,
  RunScope,
  RunStatus,
  RunTrigger,
  RunsTable,
} from './tables/runs.table.ts';
// Audit
export { AUDIT_ACTIONS } from './audit/audit-actions.ts';
export type { AuditAction } from './audit/audit-actions.ts';
export { auditEntryJson } from './audit/audit-entry-json.ts';
export { askedSubject, entitySubject } from './audit/entity-subject.ts';
export type { AuditedEntity } from './audit/entity-subject.ts';
export { recordInspection } from './audit/record-inspection.ts';
export { readAudit } from './audit/read-audit.ts';
export type { AuditFilter, AuditPage, RecordedAudit } from './audit/read-audit.ts';
export { countRefusedCalls } from './audit/refused-calls.ts';
export type { RefusedCall, RefusedCalls } from './audit/refused-calls.ts';
export { canRewriteAudit } from './audit/audit-owner.ts';
export { recordAudit } from './audit/record-audit.ts';
export type { AuditEntry } from './audit/record-audit.ts';
// Processes
export { announceProcess } from './processes/announce-process.ts';
export type {
  AnnounceOptions,
  AnnouncedProcess,
  Announcement,
  Capabilities,
} from './processes/announce-process.ts';
export { coldProcesses, listProcesses, readersOf, workersOf } from './processes/list-processes.ts';
export type { LivingProcess } from './processes/list-processes.ts';
export { IS_LIVING } from './processes/living.ts';
export { processJson } from './processes/process-json.ts';
export type {
  AliasInForce,
  AliasProblem,
  ComputableView,
  LoadedModel,
  ProcessRole,
} from './tables/processes.table.ts';
// Schedules
export type { ScheduleOutcome } from './tables/schedules.table.ts';
// Recovery of PostgreSQL
export { jumpBeyond, noticeRecovery } from './recovery/notice-recovery.ts';
// History
export { appendHistory } from './history/append-history.ts';
export { ensureHistory, ensureHistoryIn } from './history/ensure-history.ts';
export { countEntities } from './history/count-entities.ts';
export { KEPT_ASIDE, replaceHistoryIn } from './history/replace-history.ts';
export type { Replacement } from './history/replace-history.ts';
export type { ViewVersion } from './history/replace-history.ts';
export { findHistoryRow } from './history/find-history-row.ts';
export type { Provenance } from './history/find-history-row.ts';
export { inputHashesAt } from './history/input-hashes-at.ts';
export type { StandingRow } from './history/input-hashes-at.ts';
export type { KeyValues } from './history/key-parameters.ts';
export { keysLanded, keysOfViews, planKeys } from './history/keys-of-views.ts';
export type { LandedIn } from './history/keys-of-views.ts';
export { knownHistoryRows } from './history/known-history-rows.ts';
export type { OnlineRowOrder } from './history/known-history-rows.ts';
export { latestHistoryRows } from './history/latest-history-rows.ts';
export { latestInputHashes } from './history/latest-input-hashes.ts';
export type { LatestInputHash } from './history/latest-input-hashes.ts';
export { completeRows, lockKept } from './history/complete-rows.ts';
export { sampleHistory } from './history/sample-history.ts';
export { whyHistoryIsGone } from './history/why-history-is-gone.ts';
export { rowsAtPointers } from './history/rows-at-pointers.ts';
export type { HistoryPointer, PointedRow } from './history/rows-at-pointers.ts';
export { PAGE_COLUMNS, readNewestRowsPage } from './history/newest-rows-page.ts';
export type { NewestRowsPage } from './history/newest-rows-page.ts';
export { readChunkHistory } from './history/read-chunk-history.ts';
export { copyFromFile } from './copy/copy-from-file.ts';
export { copyToFile } from './copy/copy-to-file.ts';
export { HISTORY_COLUMNS, historyPlace, historyTable } from './history/history-table.ts';
export { ensureMonthlyPartitions, monthOf } from './partitions/monthly-partitions.ts';
export { historyMonths } from './partitions/history-months.ts';
export { checkEventTimes } from './history/check-event-times.ts';
export type { EventTimes } from './history/check-event-times.ts';
export { ensureHistoryPartitions } from './history/ensure-history-partitions.ts';
export type { HistoryProject, HistoryRow, HistoryView } from './history/history-table.ts';
// Events and tiles
export { EVENT_SOURCE_VERSION } from './events/event-table.ts';
export type { ArrivedEvent } from './events/event-table.ts';
export {
  buildTiles,
  entityKeysOfBuild,
  entityKeysOfChunk,
  planTiles,
  recordBuilt,
} from './events/build-tiles.ts';
export type { TileBounds } from './events/build-tiles.ts';
export { keyOfEvent, windowedViewsOf } from './events/windowed-view.ts';
export { ensureEventPartitions, ensureEventsIn } from './events/ensure-events.ts';
export { dropTilesIn, ensureTilesIn } from './events/ensure-tiles.ts';
export { landEvents } from './events/land-events.ts';
export type { ChangedTiles } from './events/land-events.ts';
export { keysWithEvents } from './events/keys-with-events.ts';
export { lastTileChange } from './events/last-tile-change.ts';
export type { TileChange } from './events/last-tile-change.ts';
export { readTilesOf, tiledEntityKeys } from './events/tiles.ts';
export type { StoredTile } from './events/tiles.ts';
export type { WindowedView } from './events/windowed-view.ts';
// Point-in-time join
export { JOINED_STATUS, joinedColumns } from './point-in-time/point-in-time.ts';
export { historyMissing, joinInPostgresql } from './point-in-time/join-in-postgresql.ts';
export type { JoinInPostgresqlOptions } from './point-in-time/join-in-postgresql.ts';
export { joinedTable } from './point-in-time/joined-table.ts';
export { unsettledEvents } from './point-in-time/unsettled-events.ts';
export { windowsAsServed } from './point-in-time/windows-as-served.ts';
export type { WindowValues } from './point-in-time/windows-as-served.ts';
export { landedBefore } from './point-in-time/landed-before.ts';
export type { CutOff, JoinedColumn, JoinedView, PointInTimeJoin } from './point-in-time/point-in-time.ts';

// Keys that the source no longer has
export { collectGoneKeys, goneKeyTexts } from './gone/collect-gone-keys.ts';
export { newestGoneRows } from './gone/newest-gone-rows.ts';
export { recordSeenKeys } from './gone/record-seen-keys.ts';
export type { SeenKeys } from './gone/record-seen-keys.ts';
// Entities without rows
export { readAbsences } from './absence/read-absences.ts';
export type { Absence, AbsentFailure, AbsentRun } from './absence/read-absences.ts';
// Changes
export { readFreshness } from './freshness/read-freshness.ts';
export type { ViewFreshness } from './freshness/read-freshness.ts';
export { cursorAt, newestCursor, readChanges } from './changes/read-changes.ts';
export type { ChangesPage, FeedChange, ReadChangesOptions } from './changes/read-changes.ts';
export { recordChange } from './changes/record-change.ts';
export type { Change } from './changes/record-change.ts';
export { listenForChanges, URGENT_CHANNEL } from './changes/listen-for-changes.ts';
export type { ChangesListener } from './changes/listen-for-changes.ts';
export { startSequencer } from './changes/start-sequencer.ts';
export type { Sequencer } from './changes/start-sequencer.ts';
// Erasure
export { allowAgain } from './erasure/allow-again.ts';
export type { AllowedAgain } from './erasure/allow-again.ts';
export { beginErasure } from './erasure/begin-erasure.ts';
export type { ReceiptToKeep } from './erasure/begin-erasure.ts';
export type { BeginErasure } from './erasure/begin-erasure.ts';
export { countRemoved } from './erasure/count-removed.ts';
export { completeErasure, interruptErasure } from './erasure/end-erasure.ts';
export { eraseFailures } from './erasure/erase-failures.ts';
export { eraseEvents } from './erasure/erase-events.ts';
export { eraseHistory } from './erasure/erase-history.ts';
export { erasePredictions } from './erasure/erase-predictions.ts';
export { eraseRemembered } from './erasure/erase-remembered.ts';
export { eraseStagedRows } from './erasure/erase-staged-rows.ts';
export { eraseStatistics } from './erasure/erase-statistics.ts';
export type { Erasure, Receipt, StillHeld } from './erasure/erasure.ts';
export { trainingSetsWithKey } from './erasure/find-holders.ts';
export { HISTORY_SCHEMAS, REDIS_KEYS, STATISTICS, TABLES } from './erasure/places.ts';
export { claimErasure, getReceipt, listReceipts } from './erasure/receipts.ts';
export { keepErased, loggedKeysOfHashes, lostErasures } from './erasure/lost-erasures.ts';
export type { RememberedErasure } from './erasure/lost-erasures.ts';
export type { InterruptedErasure } from './erasure/receipts.ts';
export { countTombstones, readTombstones } from './erasure/read-tombstones.ts';
export { viewsOfEntity } from './erasure/views-of-entity.ts';
export { awaitWriters } from './erasure/await-writers.ts';
export { erasedAmong, holdOffErasures } from './erasure/hold-off-erasures.ts';
export { keyHasher, projectKeyHasher } from './erasure/key-hash.ts';
export type { KeyHasher } from './erasure/key-hash.ts';
// Memory of values
export { evictValues, memoryBytes } from './value-memory/evict-values.ts';
export { recallContents, recallValues } from './value-memory/recall.ts';
export type { MemoryScope, RecalledContent } from './value-memory/recall.ts';
export { MAX_VALUE_BYTES, remember } from './value-memory/remember.ts';
export type { ContentToRemember } from './value-memory/remember.ts';
// Retention
export { dropExpired, dropExpiredAudit } from './retention/drop-expired.ts';
export { pruneWindows } from './retention/prune-windows.ts';
export { dropExpiredHistory, expiredHistory } from './retention/drop-expired-history.ts';
export type { DroppedHistory } from './retention/drop-expired-history.ts';
export type { PartitionRetention } from './retention/drop-expired.ts';
// Prediction log
export { createPredictionLog } from './predictions/prediction-log.ts';
export type {
  PredictionLog,
  PredictionLogOptions,
  PredictionLogStats,
} from './predictions/prediction-log.ts';
export type { LoggedKey, PredictionRecord, PredictionView } from './predictions/prediction-record.ts';
export { findPrediction } from './predictions/find-prediction.ts';
export { findPredictions } from './predictions/find-predictions.ts';
export type { PredictionFilter, PredictionsPage } from './predictions/find-predictions.ts';
export { ttlInForce } from './predictions/ttl-in-force.ts';
export { loggedJoinKeys } from './predictions/logged-join-keys.ts';
export { loggedKeys } from './predictions/logged-keys.ts';
export type { LoggedPrediction, LoggedView } from './predictions/logged-prediction.ts';
export { outputHistogram } from './predictions/output-histogram.ts';
export type { OutputHistogram } from './predictions/output-histogram.ts';
export type { SensitiveFields, Sensitivity } from './predictions/sensitive-fields.ts';
// Labels
export { takeLabels } from './labels/take-labels.ts';
export type { GivenLabel, RefusedLabel, TakenLabels, UnreadableLabel } from './labels/take-labels.ts';
export { deleteExpiredLabels } from './labels/delete-expired-labels.ts';
export { storeLabels } from './labels/store-labels.ts';
export type { LabelOutcome } from './labels/store-labels.ts';
export { findLabels } from './labels/find-labels.ts';
export type { FindLabels, FoundLabel } from './labels/find-labels.ts';
export type { Label, LabelTarget, LabelValue } from './labels/label.ts';
export type { LabelPolicy } from './labels/label-policy.ts';
export { loggedBefore } from './spine/logged-before.ts';
export { loggedSpine } from './spine/logged-spine.ts';
export type { LoggedSpine, LoggedSpineColumn, LoggedSpineOptions } from './spine/logged-spine.ts';
