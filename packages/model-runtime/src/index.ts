// Models of tables
export { loadModel } from './load-model.ts';
export type { LoadModelOptions, ModelRunner } from './load-model.ts';
export type { RunCaller, RunCounts } from './pool/run-queue.ts';
// Sessions
export { createSession } from './create-session.ts';
export type { FloatTensor, Session, SessionOptions, TensorSpec } from './create-session.ts';
// What an artifact says about itself
export { readArtifactJson } from './read-artifact-json.ts';
export { worstDifference } from './golden-difference.ts';
export type { GoldenDifference } from './golden-difference.ts';
