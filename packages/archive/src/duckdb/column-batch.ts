/*
 * Budget: one copy of the memory of a column of floats. Reading a file for a model must not cost more than the model.
 */
import type { DuckDBDataChunk, DuckDBValue, DuckDBVector } from '@duckdb/node-api';

/** Rows of a query, by columns. */
export interface ColumnBatch {
  readonly rows: number;
  /** A column of type FLOAT, or FLOAT[n] row by row; what stands for a null is undefined. */
  floats(column: number): Float32Array;
  /** 64-bit integers are `bigint`, lists are arrays. */
  values(column: number): unknown[];
}

export function columnBatch(chunk: DuckDBDataChunk): ColumnBatch {
  return {
    rows: chunk.rowCount,
    floats: (column) => floatsOf(chunk.getColumnVector(column)),
    values: (column) => chunk.getColumnValues(column).map(plain),
  };
}

/** The client has no public access to the memory of a column; by `getItem` each float takes 5 times as long. */
function floatsOf(vector: DuckDBVector): Float32Array {
  const { items, childData } = vector as unknown as { items?: unknown; childData?: DuckDBVector };
  if (items instanceof Float32Array) return items;
  if (childData === undefined) throw new Error(`A column of ${vector.type.toString()} has no floats.`);
  return floatsOf(childData);
}

function plain(value: DuckDBValue): unknown {
  return typeof value === 'object' && value !== null && 'items' in value ? value.items : value;
}
