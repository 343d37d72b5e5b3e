export { writeLogisticArtifact } from './logistic-artifact.ts';
export type { LogisticArtifactOptions } from './logistic-artifact.ts';
