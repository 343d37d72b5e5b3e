/*
 * Budget: the memory of a column of floats, as it is. Reading a file for a model must not cost more than the model: the
 * client's own vectors also read the type and the nulls of each column, which takes as long as decoding the file.
 */
import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api';
import type bindings from '@duckdb/node-bindings';

/** Rows of a query, by columns. */
export interface ColumnBatch {
  readonly rows: number;
  /** A column of type FLOAT, or with a width FLOAT[width] row by row; what stands for a null is undefined. */
  floats(column: number, width?: number): Float32Array;
  /** 64-bit integers are `bigint`, lists are arrays. */
  values(column: number): unknown[];
}

const FLOAT_BYTES = 4;

export function columnBatch(chunk: DuckDBDataChunk, native: typeof bindings): ColumnBatch {
  const { rowCount: rows } = chunk;
  return {
    rows,
    floats(column, width) {
      const vector = native.data_chunk_get_vector(chunk.chunk, column);
      const floats = width === undefined ? vector : native.array_vector_get_child(vector);
      const size = rows * (width ?? 1);
      const { buffer, byteOffset } = native.vector_get_data(floats, size * FLOAT_BYTES);
      return new Float32Array(buffer, byteOffset, size);
    },
    values: (column) => chunk.getColumnValues(column).map(plain),
  };
}

function plain(value: DuckDBValue): unknown {
  return typeof value === 'object' && value !== null && 'items' in value ? value.items : value;
}
