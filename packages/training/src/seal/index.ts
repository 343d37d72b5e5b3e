export { readTensor } from './read-tensor.ts';
export type { ReadTensorOptions, TrainingTensor } from './read-tensor.ts';
export { readTensors } from './read-tensors.ts';
export type { ReadTensorsOptions, TrainingTensors } from './read-tensors.ts';
export type { TypedRow } from './training-row.ts';
export { sealArtifact } from './seal-artifact.ts';
export type { SealedArtifact, SealOptions } from './seal-artifact.ts';
export { readScores } from './read-scores.ts';
export type { Scores } from './model-scores.ts';
