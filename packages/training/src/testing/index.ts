export { writeTrainingSet } from './write-training-set.ts';
export { parquetOf } from './parquet-of.ts';
export { readArrow } from './read-arrow.ts';
export { readRows } from './read-rows.ts';
