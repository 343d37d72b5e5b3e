// What a run is
export type {
  ChainedScope,
  ChunkState,
  PushedScope,
  RunScope,
  RunStatus,
  RunTrigger,
} from '@larder/offline-store';
export type { ChunkAttempt, LoadedView, RunStore } from './run-store.ts';
export { TRANSITIONS } from './transitions.ts';
export type { Transition } from './transitions.ts';
// Lists and texts for people
export { createBackfill } from '../backfill/create-backfill.ts';
export type { BackfillRequest } from '../backfill/create-backfill.ts';
export { runsOfView } from '../backfill/runs-of-view.ts';
export { failureJson, runJson } from './list/run-json.ts';
export { cancelRun } from './verbs/cancel-run.ts';
export { createRun } from './verbs/create-run.ts';
export type { NewRun } from './verbs/create-run.ts';
export { countErasedRows } from './landing/count-erased-rows.ts';
export { endPushedRun } from './landing/end-pushed-run.ts';
export { isWholeRunLanded } from './list/is-whole-run-landed.ts';
export { landPushedRun, recordPushedCounts } from './landing/land-pushed-run.ts';
export { dropStagedRows, stagePushedRun } from './landing/stage-pushed-run.ts';
export type { StagedRow } from './landing/stage-pushed-run.ts';
export type { LandedPush } from './landing/land-pushed-run.ts';
export { foldRuns } from './finish/fold-runs.ts';
export { runGraph, runGraphJson } from './list/run-graph.ts';
export type { RunGraph } from './list/run-graph.ts';
export { getRun } from './list/get-run.ts';
export { listFailures } from './list/list-failures.ts';
export type { ListFailuresOptions, RunFailure } from './list/list-failures.ts';
export { listRuns } from './list/list-runs.ts';
export type { ListRunsOptions } from './list/list-runs.ts';
export { openRunStates } from './list/open-run-states.ts';
export type { OpenRunState } from './list/open-run-states.ts';
export { runsEndedBadly } from './list/runs-ended-badly.ts';
export type { EndedBadly } from './list/runs-ended-badly.ts';
export { pauseRun } from './verbs/pause-run.ts';
export { resumeRun } from './verbs/resume-run.ts';
export { retryFailed } from './verbs/retry-failed.ts';
export type { RunProgress, RunRows, RunSummary } from './list/run-summary.ts';
export { waitingText } from './list/waiting-for.ts';
// Planning
export { adoptFingerprintIn } from './planning/adopt-fingerprint.ts';
export { forgetViewVersionIn } from './verbs/forget-view-version.ts';
export { failPlanning } from './planning/fail-planning.ts';
export type { BrokenPlanning } from './planning/fail-planning.ts';
export { hasOpenRun } from './list/has-open-run.ts';
export { claimRunToPlan, extendPlanning, savePlan } from './planning/plan-run.ts';
export type { ClaimRunOptions, PlannedChunk, RunToPlan } from './planning/plan-run.ts';
export { failUnloadedRuns, seeLoadedRuns } from './planning/unloaded-runs.ts';
export type { UnloadedOptions } from './planning/unloaded-runs.ts';
export { forgetEndedRuns } from './retention/forget-ended-runs.ts';
export type { Forgotten, RunRetention } from './retention/forget-ended-runs.ts';
// Computing
export { LOSSES_OF_SUSPECT } from './attempt/attempts.ts';
export { expireLeases, failChunk } from './attempt/break-attempt.ts';
export type { BrokenAttempt, BrokenChunk } from './attempt/break-attempt.ts';
export { claimChunk } from './attempt/claim-chunk.ts';
export type { ClaimOptions, ClaimedChunk } from './attempt/claim-chunk.ts';
export { dispatchChunks } from './dispatch/dispatch-chunks.ts';
export type { DispatchOptions } from './dispatch/dispatch-chunks.ts';
export { endFrozenLandings } from './landing/end-frozen-landings.ts';
export { decideGone } from './gone/decide-gone.ts';
export type { GoneDecision } from './gone/decide-gone.ts';
export { endFeeding, feedRun } from './feeding/feed-run.ts';
export { cancelledFeeds, openFeeding } from './feeding/open-feeding.ts';
export { finishRuns } from './finish/finish-runs.ts';
export type { FinishedRun } from './finish/finish-runs.ts';
export { giveBackChunk } from './attempt/give-back-chunk.ts';
export { heartbeatChunk } from './attempt/heartbeat-chunk.ts';
export type { ChunkProgress } from './attempt/heartbeat-chunk.ts';
export { completeChunk, lockChunk, recordLanding } from './landing/land-chunk.ts';
export type { LandedCounts, LandedFailure, Landing } from './landing/land-chunk.ts';
export { listDispatched } from './dispatch/list-dispatched.ts';
export type { ListDispatchedOptions } from './dispatch/list-dispatched.ts';
export { listRetriedRows } from './retry/list-retried-rows.ts';
export type { RetriedRow } from './retry/list-retried-rows.ts';
export { splitChunk } from './attempt/split-chunk.ts';
export { retryWaitingRows } from './retry/retry-rows.ts';
export { claimLandedChunks } from './landing/claim-landed-chunks.ts';
export type { ClaimLandedOptions, LandedChunk } from './landing/claim-landed-chunks.ts';
export { claimStaleDispatches } from './dispatch/claim-stale-dispatches.ts';
export type { StaleDispatchOptions } from './dispatch/claim-stale-dispatches.ts';
