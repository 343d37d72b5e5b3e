// For training scripts in TypeScript: what completes the folder of a trained model.
export { sealArtifact } from '@larder/training/seal';
export type { Scores, SealedArtifact, SealOptions } from '@larder/training/seal';
