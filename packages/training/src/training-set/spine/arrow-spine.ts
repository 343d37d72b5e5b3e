import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describeColumns, type Duckdb } from '@larder/archive';
import { isLarderError, LarderError } from '@larder/core';
import { RecordBatchReader, type RecordBatch, type Vector } from 'apache-arrow';
import { arrowColumn, type ArrowColumn } from './arrow-column.ts';
import type { SpineFile } from './load-spine.ts';
import { tooManyRows } from './too-many-rows.ts';

export interface ArrowSpineOptions {
  /** For messages. */
  readonly called: string;
  readonly maxRows: number;
  readonly signal: AbortSignal;
}

const TABLE = 'arrow_values';
const VIEW = 'arrow_rows';

/** The rows of an Arrow IPC stream in a table of DuckDB, a record batch in memory at a time. @throws SPINE_INVALID, DATA_FILE_INVALID */
export async function arrowSpine(
  duckdb: Duckdb,
  path: string,
  { called, maxRows, signal }: ArrowSpineOptions,
): Promise<SpineFile> {
  const { size: sizeBytes } = await stat(path);
  try {
    const reader = await RecordBatchReader.from(createReadStream(path, { signal }));
    await reader.open();
    // The reader forgets it at the end.
    const { fields } = reader.schema;
    const columns = fields.map((field, at) => arrowColumn(field, at));
    const problems = columns.filter((column) => typeof column === 'string');
    if (problems.length > 0) throw new LarderError('SPINE_INVALID', `${called}: ${problems.join('; ')}.`);
    if (columns.length === 0) throw new LarderError('SPINE_INVALID', `${called} has no columns.`);
    await appendBatches(duckdb, reader, {
      columns: columns as ArrowColumn[],
      // The time of a row takes at least a byte.
      claimable: sizeBytes,
      maxRows,
      called,
      signal,
    });
    const names = fields.map(({ name }) => name);
    const [, ...described] = await describeColumns(duckdb, VIEW);
    const types = described.map(({ type }, i) => ({ name: names[i] as string, type }));
    return { path: VIEW, format: 'table', types, names, called };
  } catch (error) {
    signal.throwIfAborted();
    if (isLarderError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LarderError(
      'DATA_FILE_INVALID',
      `Reading ${called} failed: it is not an Arrow IPC stream without compression (${reason}).`,
      { cause: error },
    );
  }
}

interface AppendOptions {
  readonly columns: readonly ArrowColumn[];
  readonly claimable: number;
  readonly maxRows: number;
  readonly called: string;
  readonly signal: AbortSignal;
}

async function appendBatches(
  duckdb: Duckdb,
  batches: AsyncIterable<RecordBatch>,
  { columns, claimable, maxRows, called, signal }: AppendOptions,
): Promise<void> {
  await duckdb.run(
    `create table ${TABLE} (${columns.map(({ stored }, i) => `c${i} ${stored}`).join(', ')}, row BIGINT);
    create view ${VIEW} as select row, ${columns.map(({ sql }, i) => `${sql} as c${i}`).join(', ')} from ${TABLE}`,
  );
  const writer = await duckdb.connect();
  const appender = await writer.connection.createAppender(TABLE, 'main', 'work');
  let rows = 0;
  try {
    for await (const batch of batches) {
      signal.throwIfAborted();
      rows += batch.numRows;
      if (rows > claimable) throw new Error(`it claims to have ${rows} rows in ${claimable} bytes`);
      if (rows > maxRows) throw tooManyRows(called, rows, maxRows);
      const first = rows - batch.numRows;
      const vectors = columns.map((_, i) => batch.getChildAt(i) as Vector);
      const append = columns.map(({ appendFrom }, i) => appendFrom(vectors[i] as Vector, appender, i));
      for (let row = 0; row < batch.numRows; row++) {
        for (const [i, vector] of vectors.entries())
          if (vector.isValid(row)) (append[i] as (row: number) => void)(row);
          else appender.appendNull();
        // Threads insert what is flushed, in any order.
        appender.appendBigInt(BigInt(first + row));
        appender.endRow();
      }
      appender.flushSync();
    }
  } finally {
    appender.closeSync();
  }
}
