// For training scripts in TypeScript: reading a training set, and what completes the folder of a trained model.
export { readTensor, sealArtifact } from '@larder/training/seal';
export type {
  ReadTensorOptions,
  Scores,
  SealedArtifact,
  SealOptions,
  TrainingTensor,
} from '@larder/training/seal';
