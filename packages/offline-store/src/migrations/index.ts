import type { Migration } from 'kysely/migration';
import { traces } from './0046-traces.ts';
import { rejectedRows } from './0047-rejected-rows.ts';
import { incidents } from './0043-incidents.ts';
import { audit } from './0040-audit.ts';
import { runtimeLogin } from './0041-runtime-login.ts';
import { apiKeys } from './0039-api-keys.ts';
import { precomputedPredictions } from './0035-precomputed-predictions.ts';
import { stagedRows } from './0032-staged-rows.ts';
import { chains } from './0031-chains.ts';
import { gone } from './0022-gone.ts';
import { archives } from './0021-archives.ts';
import { whenGone } from './0024-when-gone.ts';
import { aliasDrops } from './0015-alias-drops.ts';
import { chunksSetAside } from './0016-chunks-set-aside.ts';
import { registry } from './0001-registry.ts';
import { labels } from './0018-labels.ts';
import { absences } from './0014-absences.ts';
import { changes } from './0008-changes.ts';
import { erasedRows } from './0023-erased-rows.ts';
import { deploy } from './0013-deploy.ts';
import { fullerLog } from './0017-fuller-log.ts';
import { erasure } from './0020-erasure.ts';
import { numberChanges } from './0012-number-changes.ts';
import { predictions } from './0002-predictions.ts';
import { processes } from './0006-processes.ts';
import { pushes } from './0011-pushes.ts';
import { runCounts } from './0005-run-counts.ts';
import { runWaits } from './0004-run-waits.ts';
import { schedules } from './0007-schedules.ts';
import { runs } from './0003-runs.ts';
import { runRetention } from './0010-run-retention.ts';
import { runViolations } from './0009-run-violations.ts';
import { tombstoneSlots } from './0026-tombstone-slots.ts';
import { allowAgain } from './0028-allow-again.ts';
import { countTombstones } from './0027-count-tombstones.ts';
import { windowedViews } from './0030-windowed-views.ts';
import { labelRetention } from './0029-label-retention.ts';
import { trainingSets } from './0019-training-sets.ts';
import { valueMemory } from './0033-value-memory.ts';
import { recoveries } from './0042-recoveries.ts';
import { rawOutputs } from './0034-raw-outputs.ts';
import { viewCosts } from './0044-view-costs.ts';
import { trainingSetService } from './0025-training-set-service.ts';

/** Listed by hand so that bundling keeps them; run in the order of their names. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_registry': registry,
  '0002_predictions': predictions,
  '0003_runs': runs,
  '0004_run_waits': runWaits,
  '0005_run_counts': runCounts,
  '0006_processes': processes,
  '0007_schedules': schedules,
  '0008_changes': changes,
  '0009_run_violations': runViolations,
  '0010_run_retention': runRetention,
  '0011_pushes': pushes,
  '0012_number_changes': numberChanges,
  '0013_deploy': deploy,
  '0014_absences': absences,
  '0015_alias_drops': aliasDrops,
  '0016_chunks_set_aside': chunksSetAside,
  '0017_fuller_log': fullerLog,
  '0018_labels': labels,
  '0019_training_sets': trainingSets,
  '0020_erasure': erasure,
  '0021_archives': archives,
  '0022_gone': gone,
  '0023_erased_rows': erasedRows,
  '0024_when_gone': whenGone,
  '0025_training_set_service': trainingSetService,
  '0026_tombstone_slots': tombstoneSlots,
  '0027_count_tombstones': countTombstones,
  '0028_allow_again': allowAgain,
  '0029_label_retention': labelRetention,
  '0030_windowed_views': windowedViews,
  '0033_value_memory': valueMemory,
  '0034_raw_outputs': rawOutputs,
  '0035_precomputed_predictions': precomputedPredictions,
  '0031_chains': chains,
  '0032_staged_rows': stagedRows,
  '0040_audit': audit,
  '0041_runtime_login': runtimeLogin,
  '0039_api_keys': apiKeys,
  '0044_view_costs': viewCosts,
  '0043_incidents': incidents,
  '0042_recoveries': recoveries,
  '0046_traces': traces,
  '0047_rejected_rows': rejectedRows,
};
