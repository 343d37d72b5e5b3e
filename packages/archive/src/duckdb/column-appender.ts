import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { Duckdb } from './open-duckdb.ts';

/** Appends rows to a table by columns, many at once. */
export interface ColumnAppender {
  /**
   * Values of all columns, at most 2,048 of each: what a `ColumnBatch` may have. A Float32Array fits FLOAT and a
   * Float64Array DOUBLE, without nulls; a list is an array.
   */
  append(columns: readonly ArrayLike<unknown>[]): void;
  /** The rows can be read now. */
  close(): void;
}

/** Opens a connection of its own, so that the rows of a query can be read meanwhile. */
export async function openColumnAppender(
  duckdb: Pick<Duckdb, 'connect'>,
  table: string,
): Promise<ColumnAppender> {
  const { DuckDBDataChunk: Chunk, listValue } = await import('@duckdb/node-api');
  const { default: native } = await import('@duckdb/node-bindings');
  const { connection } = await duckdb.connect();
  const appender = await connection.createAppender(table);
  const types: DuckDBType[] = Array.from({ length: appender.columnCount }, (_, i) => appender.columnType(i));
  const stored = (value: unknown): DuckDBValue =>
    Array.isArray(value) ? listValue(value as DuckDBValue[]) : (value as DuckDBValue);
  return {
    append(columns) {
      const chunk = Chunk.create(types, columns[0]?.length ?? 0);
      for (const [i, values] of columns.entries())
        if (values instanceof Float32Array || values instanceof Float64Array) {
          const { buffer, byteOffset, byteLength } = values;
          const vector = native.data_chunk_get_vector(chunk.chunk, i);
          native.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset, byteLength);
        } else chunk.setColumnValues(i, Array.from(values, stored));
      appender.appendDataChunk(chunk);
    },
    close() {
      appender.flushSync();
      appender.closeSync();
    },
  };
}
