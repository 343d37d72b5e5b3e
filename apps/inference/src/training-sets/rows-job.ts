import type { ConvertRows } from '@larder/training/rows';

export type RowsFormat = ConvertRows['format'];

/** What the process that converts rows is told; plain data. */
export type RowsJob = ConvertRows;
