// Compiled plans
export { compilePlan } from './plan/compile-plan.ts';
export type { PlanOptions } from './plan/compile-plan.ts';
export type { CompiledPlan, PlanGroup, PlanView } from './plan/compiled-plan.ts';
export { precomputedOf } from './precomputed/precomputed-of.ts';
export { loadRunner } from './model/load-runner.ts';
export type { RunnerOptions } from './model/load-runner.ts';
// Predictions
export { createPredictor } from './create-predictor.ts';
export type {
  AnswerOrigin,
  PredictedRow,
  Predictions,
  Predictor,
  PredictorDeps,
  PredictRequest,
  ServedAlias,
  Timings,
} from './predictor.ts';
export type { MissingKey, ResolveMissing } from './readings/resolve-missing.ts';
export { featureReadings } from './readings/feature-readings.ts';
export type { FeatureReading } from './readings/feature-readings.ts';
export { STATUS_NAMES } from './readings/view-statuses.ts';
export type { InputRow } from './inputs/inputs.ts';
export type { ServedFeature } from './answer/show-features.ts';
// Features without a model
export { readOnlineFeatures } from './online-features/read-online-features.ts';
export type {
  OnlineFeatures,
  OnlineFeaturesDeps,
  OnlineFeaturesRequest,
  OnlineFeaturesRow,
} from './online-features/read-online-features.ts';
// What is stored for an entity
export { inspectEntity } from './inspect/inspect-entity.ts';
export type { InspectDeps, InspectedEntity, InspectedView, MissingView } from './inspect/inspected-entity.ts';
// Logged predictions
export { predictionJson } from './logged/prediction-json.ts';
export type { LoggedPredictionJson, PredictionDetailJson } from './logged/prediction-json.ts';
export { showPrediction } from './logged/show-prediction.ts';
