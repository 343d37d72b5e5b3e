// For a project's unit tests: needs no store and no worker.
export { computeRow } from './compute-row.ts';
export type { ComputeRowOptions } from './compute-row.ts';
export { computeOnDemand } from './compute-on-demand.ts';
export { computePostProcess } from './compute-post-process.ts';
export { predictRow } from './predict-row.ts';
export type { FeatureValues, PredictRowOptions } from './predict-row.ts';
