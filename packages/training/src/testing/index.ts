export { writeTrainingSet } from './write-training-set.ts';
export { readArrow } from './read-arrow.ts';
