// Tabular models
export { definitionOf, loadModel } from './load-model.ts';
export { feedsOf, newTensorData } from './session/feed.ts';
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
export { checkNamedInputs } from './artifact/named-inputs.ts';
export { rowsFeed } from './artifact/rows-feed.ts';
export type { ArtifactRow, RowValue } from './artifact/rows-feed.ts';
export { readBackground } from './artifact/read-background.ts';
export { readArtifactJson } from './artifact/read-artifact-json.ts';
export { worstDifference } from './artifact/golden-difference.ts';
export type { GoldenDifference } from './artifact/golden-difference.ts';
