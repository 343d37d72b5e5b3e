// Tabular models
export { loadModel } from './load-model.ts';
export { newTensorData } from './session/feed.ts';
export type { Feed, ModelInput, TensorData, TensorType } from './session/feed.ts';
export type { InputFeature, NamedInput } from './artifact/named-inputs.ts';
export type { LoadModelOptions, ModelRunner } from './load-model.ts';
export type { RunCaller, RunCounts } from './pool/run-queue.ts';
export { measureModel } from './artifact/measure-model.ts';
export type { ModelMeasures } from './artifact/measure-model.ts';
// Sessions
export { createSession } from './session/create-session.ts';
export type {
  FloatTensor,
  InputTensor,
  Session,
  SessionOptions,
  TensorSpec,
} from './session/create-session.ts';
export { withMetadata } from './session/with-metadata.ts';
// What an artifact says about itself
export { readArtifactJson } from './artifact/read-artifact-json.ts';
export { worstDifference } from './artifact/golden-difference.ts';
export type { GoldenDifference } from './artifact/golden-difference.ts';
