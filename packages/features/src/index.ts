// Definitions
export { artifact, artifactFolder, packageArtifact } from './artifact/artifact.ts';
export type { Artifact } from './artifact/artifact.ts';
export { entity } from './definition/entity.ts';
export type { Entity, JoinKeys } from './definition/entity.ts';
export { featureView } from './definition/feature-view.ts';
export type { FeatureView, FeatureViewOptions, WhenGone } from './definition/feature-view.ts';
export type { PartialPush, WhenLeftOut } from './definition/partial-push.ts';
export { f } from './definition/field.ts';
export type {
  Computed,
  Field,
  Fields,
  FieldSpec,
  FieldType,
  FieldValue,
  Given,
  Int64Field,
  JsonValue,
  Sensitivity,
  Served,
  T,
  VectorField,
} from './definition/field.ts';
export { eventSource } from './windowed/event-source.ts';
export type { EventSource, EventSourceOptions } from './windowed/event-source.ts';
export { approximateDistinct, count, last, max, mean, min, sum } from './windowed/aggregate.ts';
export type { Aggregate, Where } from './windowed/aggregate.ts';
export { compileTileFold } from './windowed/tile-fold.ts';
export type { FoldedEvent, LastOrder, TileFold, TileState } from './windowed/tile-fold.ts';
export { windowedFeatureView } from './windowed/windowed-feature-view.ts';
export type { WindowedFeatures } from './windowed/windowed-feature-view.ts';
export { precomputedPredictions } from './predictions/precomputed-predictions.ts';
export type {
  PrecomputedPredictionsOptions,
  PredictedFeatures,
  RequestConstants,
} from './predictions/precomputed-predictions.ts';
export { runTime } from './predictions/run-time.ts';
export type { RunTime } from './predictions/run-time.ts';
export { predictionOf } from './predictions/prediction-request.ts';
export type { PredictionManifest, RequestValueManifest } from './predictions/prediction-request.ts';
export { model } from './definition/model.ts';
export type {
  FeaturesOf,
  Model,
  ModelBudget,
  ModelOptions,
  PredictMode,
  PredictInput,
  PredictOutput,
} from './definition/model.ts';
export type { ModelLabel } from './definition/model-label.ts';
export { onDemandFeatureView } from './on-demand/on-demand-feature-view.ts';
export type { OnDemandFeatureView, OnDemandFeatureViewOptions } from './on-demand/on-demand-feature-view.ts';
export { postProcess } from './post-process/post-process.ts';
export type { PostProcess, PostProcessOptions } from './post-process/post-process.ts';
export type { FeatureInput, PickedFeatures } from './definition/pick.ts';
export { project } from './definition/project.ts';
export type { Project, ProjectOptions } from './definition/project.ts';
export type { Agreeing, GivesOf, KeysOf, Merge, Provider, RequestOf } from './definition/provider.ts';
export type { RowOf, SourceDescriptor, SourceProblem, SourceReader } from './definition/source.ts';
// Bodies of the HTTP API, for callers
export type { OnlineFeaturesInput, OnlineFeaturesOutput } from './callers/online-features.ts';
export type { PredictBatchInput, PredictBatchOutput, Problem } from './callers/predict-batch.ts';
export type { PushInput, PushOutput, PushRow } from './callers/push.ts';
// Schedules
export { nextDue } from './schedule/next-due.ts';
export { completeSchedule, scheduleText } from './schedule/schedule.ts';
export type { CompleteSchedule, Schedule, ScheduleManifest } from './schedule/schedule.ts';
// Windows over events
export { DistinctSketch, isSketchLength } from './windowed/distinct-sketch.ts';
// Computations
export { computeWith, defineComputation } from './computation/compute-with.ts';
export type { ComputeRows, ComputeWithOptions } from './computation/compute-with.ts';
export type {
  Computation,
  ComputationContext,
  ComputationModule,
  ComputeDescriptor,
  RowFailure,
  RowOutcome,
  SharedBytes,
  SourceRow,
} from './computation/computation.ts';
export type {
  ContentValidators,
  RememberedContent,
  UsedContent,
  ValueMemory,
} from './computation/value-memory.ts';
export { computeOnce } from './computation/compute-once.ts';
export type { ComputeOnceOptions } from './computation/compute-once.ts';
// Evaluating on-demand feature views
export { compileAlone } from './on-demand/compile-alone.ts';
export { compileOnDemandViews } from './on-demand/compile-on-demand-views.ts';
export type { CompileOnDemandOptions, OnDemandDefinition } from './on-demand/compile-on-demand-views.ts';
export { evaluate, onDemandValue } from './on-demand/evaluate.ts';
export type { OnDemandInputs, OnDemandResult } from './on-demand/evaluate.ts';
export { ownValue } from './on-demand/own-value.ts';
export { createRowEvaluator } from './on-demand/evaluate-rows.ts';
export type { RowEvaluator } from './on-demand/evaluate-rows.ts';
export type { SharedInputs } from './on-demand/shared-inputs.ts';
export {
  compilePostProcess,
  compilePostProcessAlone,
  evaluatePostProcess,
} from './post-process/evaluate-post-process.ts';
export type { CompiledPostProcess, PostProcessArguments } from './post-process/evaluate-post-process.ts';
export { loadedFunctions } from './on-demand/loaded-functions.ts';
export type {
  CompiledOnDemandView,
  OnDemandArguments,
  OnDemandFeature,
  OnDemandFunction,
  OnDemandViews,
  StoredView,
} from './on-demand/on-demand-views.ts';
// Loading
export { ABSENT_ARTIFACT, loadDefinitions, loadProject } from './project/load-project.ts';
export type { LoadedDefinitions, LoadedProject } from './project/loaded-project.ts';
export type { LoadOptions } from './project/load-project.ts';
export { projectFiles } from './project/project-files.ts';
export { computationFolders } from './artifact/computation-folders.ts';
export { describeArtifact, hashArtifact } from './artifact/hash-artifact.ts';
// The project's own code
export { identityOfSources } from './code/identity-of-sources.ts';
export { compareSources } from './code/compare-sources.ts';
export { importBundle } from './code/bundle/import-bundle.ts';
export type { CodeEntry, CodeSources, CodeUnit, ProjectCode } from './code/code-unit.ts';
// Manifest
export { fingerprint } from './manifest/canonical-json.ts';
export { fieldManifests } from './manifest/field-manifest.ts';
export { validateFields } from './validate/validate-fields.ts';
export { inputManifest } from './manifest/input-manifest.ts';
export { parseManifest } from './manifest/parse-manifest.ts';
export { keepsValues, pushedColumns } from './manifest/partial-push-manifest.ts';
export { findFeatureView } from './manifest/find-feature-view.ts';
export { chainProblems } from './manifest/chain-problems.ts';
export { chainSteps } from './manifest/chain-steps.ts';
export { followedParents } from './manifest/followed-parents.ts';
export { parentsOf, storedInputs } from './manifest/parents-of.ts';
export type { ParentView } from './manifest/parents-of.ts';
export { namedInputs } from './manifest/named-inputs.ts';
export type { NamedInputManifest } from './manifest/named-inputs.ts';
export { readViews, type ServedView } from './manifest/read-views.ts';
export { definitionFingerprint, viewFingerprint } from './manifest/view-fingerprint.ts';
export {
  entityWithoutSensitivity,
  manifestWithoutSensitivity,
  withoutSensitivity,
} from './manifest/without-sensitivity.ts';
export type { EventSourceManifest } from './windowed/event-source-manifest.ts';
export type {
  AggregateManifest,
  ConditionManifest,
  WindowedManifest,
  WindowManifest,
} from './windowed/windowed-manifest.ts';
export { DEFAULT_COVERAGE, viewRef } from './manifest/manifest.ts';
export type {
  ArtifactManifest,
  BudgetManifest,
  ComputeManifest,
  EntityManifest,
  FeatureViewManifest,
  FieldManifest,
  InputManifest,
  Manifest,
  ModelManifest,
  OnDemandFeatureViewManifest,
  SourceManifest,
} from './manifest/manifest.ts';
// Entity keys
export {
  entityKey,
  entityKeyOfTexts,
  parseEntityKey,
  MAX_ENTITY_KEY_BYTES,
} from './entity-key/entity-key.ts';
// Values over JSON
export { decodeJsonValue } from './values/decode-json-value.ts';
export type { DecodedValue } from './values/decode-json-value.ts';
export { encodeJsonValue } from './values/encode-json-value.ts';
export { declaredDefault } from './values/declared-default.ts';
export { valueProblem } from './values/value-problem.ts';
export type { ValueSpec } from './values/value-spec.ts';
