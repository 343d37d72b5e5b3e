// Planning and applying
export { planManifest } from './plan/plan-manifest.ts';
export type { Change, ForgottenVersion, Leniency, Plan, Refusal } from './plan/plan.ts';
export type { OlderSign } from './plan/compare-age.ts';
export { applyJson, planJson } from './plan/plan-json.ts';
export { plannedChains } from './plan/planned-chains.ts';
export type { PlannedChain } from './plan/planned-chains.ts';
export { withArtifactRefusals } from './apply/check/check-artifacts.ts';
export { planProject } from './apply/plan-project.ts';
export type { ApplyDeps, PlannedProject } from './apply/plan-project.ts';
export { applyPlanned, applyProject, prepareApply } from './apply/apply-project.ts';
export type { ApplyProjectOptions, PreparedApply } from './apply/apply-project.ts';
export { applyManifest } from './apply/apply-manifest.ts';
export type { ApplyOptions, ApplyResult, Publication } from './apply/apply-manifest.ts';
// What is applied
export { appliedId, appliedManifest, appliedProjects } from './applied/applied-manifest.ts';
export type { AppliedManifest } from './applied/applied-manifest.ts';
export { alignWithApplied } from './applied/align-with-applied.ts';
export { readRecordedCode, sourcesReader } from './applied/recorded-code.ts';
export { alignManifest } from './applied/align-manifest.ts';
export { alignSources } from './applied/align-sources.ts';
export { withAppliedArtifacts } from './applied/with-applied-artifacts.ts';
export { newestViewVersion } from './applied/newest-view-version.ts';
export { notLoaded } from './applied/not-loaded.ts';
export type { DefinitionMismatch } from './applied/not-loaded.ts';
export { ensureSchedules } from './applied/ensure-schedules.ts';
export { keepSchedules } from './applied/keep-schedules.ts';
export { watchApplied } from './applied/watch-applied.ts';
export type { AppliedWatch, WatchAppliedOptions } from './applied/watch-applied.ts';
export { bumpRevisionIn, readRevision } from './revision/revision.ts';
export type { RegistryRevision } from './revision/revision.ts';
// Model versions
export { publishContent } from './model-versions/publish-content.ts';
export type { PublishContentOptions } from './model-versions/publish-content.ts';
export { contentOf } from './model-versions/content-of.ts';
export { modelVersion, newestModelVersions } from './model-versions/newest-model-versions.ts';
export {
  readModelContent,
  readModelVersions,
  readVersionDetails,
} from './model-versions/read-model-versions.ts';
export type {
  ModelVersion,
  ModelVersionDetails,
  ModelVersionId,
  VersionMark,
} from './model-versions/read-model-versions.ts';
export type { ModelContent } from './model-versions/model-content.ts';
export { listModelRecords } from './model-versions/list-model-records.ts';
export { markVersion } from './model-versions/mark-version.ts';
export { readModelRecord } from './model-versions/model-record.ts';
export type { ModelRecord } from './model-versions/model-record.ts';
export { aliasJson, moveJson, moveResultJson, versionJson } from './model-versions/version-json.ts';
export type { VersionState } from './model-versions/version-json.ts';
export { findVersion, modelNotFound } from './model-versions/find-version.ts';
export type { MarkOptions } from './model-versions/mark-version.ts';
// Aliases
export { ALIAS_NAME, CHAMPION, aliasStates } from './aliases/alias-state.ts';
export type { AliasMove, AliasMoveKind, AliasState } from './aliases/alias-state.ts';
export { readAliasMoves, readAliases } from './aliases/read-aliases.ts';
export { dropAlias, moveAlias, moveAliasIn } from './aliases/move-alias.ts';
export type { MoveAliasOptions, Moved } from './aliases/move-alias.ts';
export { aliasNotFound, readAlias } from './aliases/alias-record.ts';
export type { AliasId, AliasRecord, MoveOptions } from './aliases/alias-record.ts';
export { awaitInForce } from './aliases/await-in-force.ts';
export type { AwaitInForceOptions, FleetStanding, WaitingProcess } from './aliases/await-in-force.ts';
export { rollback } from './aliases/rollback.ts';
export type { RollbackOptions } from './aliases/rollback.ts';
// Coverage
export { createCompletion } from './coverage/completion.ts';
export type { Completion, CompletionOptions, VersionCoverage } from './coverage/completion.ts';
export { readViewCoverage } from './coverage/view-coverage.ts';
export type { ViewCoverage } from './coverage/view-coverage.ts';
export { promoteCompleteVersions, requestPromotion } from './coverage/promotion.ts';
export type { Promotion, PromotionRequest } from './coverage/promotion.ts';
// Filling view versions
export { planFills } from './fill/plan-fills.ts';
export type { FillEstimate } from './fill/estimate-fill.ts';
export { followApply } from './fill/follow-apply.ts';
export type { AfterApply } from './fill/follow-apply.ts';
export type { StartedFill } from './fill/start-fills.ts';
// Everybody
export type { RegistryStore } from './registry-store.ts';
// Artifacts
export { collectArtifacts } from './artifacts/collect-artifacts.ts';
export type { CollectArtifactsOptions, Collected } from './artifacts/collect-artifacts.ts';
export { createArtifactStore } from './artifacts/artifact-store.ts';
export type { ArtifactStore, ArtifactStoreOptions } from './artifacts/artifact-store.ts';
export { contentOfProject } from './artifacts/content-of-project.ts';
export type { ProjectContent } from './artifacts/content-of-project.ts';
export { keepArtifactsIn } from './artifacts/touch-artifacts.ts';
export type { KeptArtifacts } from './artifacts/touch-artifacts.ts';
// Receipts of erasures, apart from PostgreSQL
export { openReceipts } from './receipts/open-receipts.ts';
// What a service serves
export { findVersionDefinitions, openWithArtifact, requireModel } from './serving/open-for-comparison.ts';
export type { ComparisonDeps } from './serving/open-for-comparison.ts';
export { readServing } from './serving/read-serving.ts';
export type { ServableModel, ServableVersion, ServingState } from './serving/read-serving.ts';
export { watchServing } from './serving/watch-serving.ts';
export type { ServingWatch, WatchServingOptions } from './serving/watch-serving.ts';
export {
  openAppliedDefinitions,
  openModelContent,
  openModelDefinitions,
} from './serving/open-definitions.ts';
export type { OpenDefinitionsDeps, OpenedDefinitions } from './serving/open-definitions.ts';
export { openFunctions } from './serving/open-functions.ts';
export { versionManifest } from './serving/version-manifest.ts';
export { withLivePolicies } from './serving/with-live-policies.ts';
