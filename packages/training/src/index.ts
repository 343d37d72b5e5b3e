// Training sets
export { buildAgain, buildTrainingSet } from './training-set/build-training-set.ts';
export type {
  BuildOptions,
  BuildProgress,
  TrainingSetDefinitions,
  TrainingSetDeps,
} from './training-set/build-training-set.ts';
export {
  listTrainingSets,
  readTrainingSet,
  trainingSetJson,
} from './training-set/record/read-training-sets.ts';
export type { TrainingSet } from './training-set/record/read-training-sets.ts';
export { failAbandoned } from './training-set/record/fail-abandoned.ts';
export { recordFailure, recordStart } from './training-set/record/training-set-record.ts';
export type { StartedBuild } from './training-set/record/training-set-record.ts';
export { trainingSetManifest } from './training-set/training-set-manifest.ts';
export type { TrainingSetManifest } from './training-set/training-set-manifest.ts';
export { featuresOf, requestOf } from './training-set/again/request-of.ts';
export type { FeatureStatistics, TrainingSetStatistics } from './training-set/training-set-statistics.ts';
export type {
  CutOff,
  EngineChoice,
  LoggedPredictions,
  OutputFormat,
  RequestedFeatures,
  SpineFormat,
  SpineSource,
  SplitRequest,
  SplitShares,
  TrainingSetRequest,
} from './training-set/training-set-request.ts';
export { unknownViews } from './training-set/unknown-views.ts';
export type { UnknownView } from './training-set/unknown-views.ts';
// Labels
export { importLabels } from './labels/import-labels.ts';
export type { ImportedLabels, LabelsTaken, UntakenLabel } from './labels/import-labels.ts';
// Two versions of a view
export { comparableViews } from './compare/comparable-views.ts';
export { compareHistory } from './compare/compare-history.ts';
export { compareViews } from './compare/compare-views.ts';
export type { ComparedViews, CompareViewsRequest } from './compare/compare-views.ts';
export type { ComparedFeature, ComparedHistory } from './compare/compare-history.ts';
export { comparePredictions } from './compare/compare-predictions.ts';
export type { ComparedPredictions } from './compare/compare-predictions.ts';
// Parity of logged predictions
export { checkParity } from './parity/check-parity.ts';
export type { ParityDeps, ParityRequest } from './parity/check-parity.ts';
export { parityJson } from './parity/parity-json.ts';
export type { FeatureParity, ParityReport } from './parity/parity-report.ts';
