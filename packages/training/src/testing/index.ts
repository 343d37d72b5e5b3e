export { writeTrainingSet } from './write-training-set.ts';
