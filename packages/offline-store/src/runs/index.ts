// Tables
export type {
  ChunkState,
  ChunksTable,
  RowFailuresTable,
  PushedScope,
  RunScope,
  RunStatus,
  RunTrigger,
  RunsTable,
} from './runs.table.ts';
export type { ChunkAttempt, LoadedView, RunStore } from './run-store.ts';
// For people
export { cancelRun } from './cancel-run.ts';
export { createRun } from './create-run.ts';
export type { NewRun } from './create-run.ts';
export { createPushedRun, earlierPush } from './create-pushed-run.ts';
export type { CreatedPush, EarlierPush, PushedRun } from './create-pushed-run.ts';
export { foldRuns } from './fold-runs.ts';
export { getRun } from './get-run.ts';
export { listFailures } from './list-failures.ts';
export type { ListFailuresOptions, RunFailure } from './list-failures.ts';
export { listRuns } from './list-runs.ts';
export type { ListRunsOptions } from './list-runs.ts';
export { pauseRun } from './pause-run.ts';
export { resumeRun } from './resume-run.ts';
export { retryFailed } from './retry-failed.ts';
export type { RunProgress, RunRows, RunSummary } from './run-summary.ts';
// Planning
export { adoptFingerprintIn } from './adopt-fingerprint.ts';
export { failPlanning } from './fail-planning.ts';
export type { BrokenPlanning } from './fail-planning.ts';
export { hasOpenRun } from './has-open-run.ts';
export { claimRunToPlan, extendPlanning, savePlan } from './plan-run.ts';
export type { ClaimRunOptions, PlannedChunk, RunToPlan } from './plan-run.ts';
export { failUnloadedRuns, seeLoadedRuns } from './unloaded-runs.ts';
export type { UnloadedOptions } from './unloaded-runs.ts';
// Computing
export { LOSSES_OF_SUSPECT } from './attempts.ts';
export { expireLeases, failChunk } from './break-attempt.ts';
export type { BrokenAttempt, BrokenChunk } from './break-attempt.ts';
export { claimChunk } from './claim-chunk.ts';
export type { ClaimOptions, ClaimedChunk } from './claim-chunk.ts';
export { dispatchChunks } from './dispatch-chunks.ts';
export type { DispatchOptions } from './dispatch-chunks.ts';
export { endFrozenLandings } from './end-frozen-landings.ts';
export { finishRuns } from './finish-runs.ts';
export type { FinishedRun } from './finish-runs.ts';
export { giveBackChunk } from './give-back-chunk.ts';
export { heartbeatChunk } from './heartbeat-chunk.ts';
export type { ChunkProgress } from './heartbeat-chunk.ts';
export { completeChunk, lockChunk, recordLanding } from './land-chunk.ts';
export type { LandedCounts, LandedFailure, Landing } from './land-chunk.ts';
export { limitSilence } from './limit-silence.ts';
export { listDispatched } from './list-dispatched.ts';
export type { ListDispatchedOptions } from './list-dispatched.ts';
export { listRetriedRows } from './list-retried-rows.ts';
export type { RetriedRow } from './list-retried-rows.ts';
export { splitChunk } from './split-chunk.ts';
export { retryWaitingRows } from './retry-rows.ts';
export { claimLandedChunks, claimStaleDispatches } from './watch-chunks.ts';
export type { ClaimLandedOptions, LandedChunk, StaleDispatchOptions } from './watch-chunks.ts';
