export { sealArtifact } from './seal-artifact.ts';
export type { SealedArtifact, SealOptions } from './seal-artifact.ts';
export { readScores } from './read-scores.ts';
export type { Scores } from './model-scores.ts';
