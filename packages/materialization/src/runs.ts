// What the API process needs: no queue, no threads.
export { createBackfill } from './backfill/create-backfill.ts';
export type { BackfillRequest } from './backfill/create-backfill.ts';
export { runsOfView } from './backfill/runs-of-view.ts';
export { checkComputed, checkValues } from './landing/check-features.ts';
export type { CheckedValues } from './landing/check-features.ts';
export { pushRows } from './push/push-rows.ts';
export type { PushDeps, PushRequest, PushResult } from './push/push-rows.ts';
export type { RejectedRow } from './push/check-pushed-rows.ts';
export {
  cancelRun,
  foldRuns,
  getRun,
  listFailures,
  listRuns,
  pauseRun,
  resumeRun,
  retryFailed,
} from '@larder/offline-store/runs';
export type {
  ListFailuresOptions,
  ListRunsOptions,
  RunFailure,
  RunProgress,
  RunRows,
  RunScope,
  RunStatus,
  RunSummary,
  RunTrigger,
} from '@larder/offline-store/runs';
export { failureJson, runJson } from './run-json.ts';
