import { openDuckdb, quotedName, textLiteral } from '@larder/archive';
import { LarderError } from '@larder/core';
import type { PickedInputs } from './pick-rows.ts';
import type { TrainingSetFolder } from './read-training-set.ts';
import { artifactRow } from './row-values.ts';
import { trainingRow, type TypedRow } from './training-row.ts';

export interface ReadOptions {
  /** @default `train`, or all rows of a set without a split */
  readonly part?: string;
  /** Columns of the spine to read too, such as the label. */
  readonly columns?: readonly string[];
  /** `missing` of the model's definition. @default NaN */
  readonly missing?: number;
}

interface Reading extends PickedInputs, Pick<ReadOptions, 'columns'> {
  readonly missing: number;
}

/** What was read, in the order of the file. */
export interface ReadRows {
  readonly rows: readonly (Float32Array | TypedRow)[];
  /** Values of the columns that were asked for. */
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

/** @throws REQUEST_INVALID for a column that the spine lacks */
export async function readRows(
  set: TrainingSetFolder,
  { inputs, named, columns = [], missing }: Reading,
): Promise<ReadRows> {
  refuseUnknown(
    columns,
    set.manifest.spine.columns.map(({ name }) => name),
  );
  const rows: (Float32Array | TypedRow)[] = [];
  const values = columns.map((name) => ({ name, values: [] as unknown[] }));
  const features = inputs.flatMap((input) => input.features.map(({ name }) => name));
  const read = [...new Set([...features, ...columns])].map(quotedName);
  const duckdb = await openDuckdb({ folders: [set.folder] });
  try {
    // One after another: without it DuckDB may give row groups in any order.
    const sql = `select ${read.join(', ')} from read_parquet(${textLiteral(set.rowsPath)}, file_row_number = true) order by file_row_number`;
    for await (const group of duckdb.rows<Record<string, unknown>>(sql, { what: `Reading ${set.rowsPath}` }))
      for (const row of group) {
        rows.push(trainingRow(artifactRow(inputs, named, row), { inputs, named }, missing));
        for (const column of values) column.values.push(row[column.name]);
      }
  } finally {
    await duckdb.close();
  }
  return { rows, columns: Object.fromEntries(values.map((column) => [column.name, column.values])) };
}

function refuseUnknown(columns: readonly string[], known: readonly string[]): void {
  const unknown = columns.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new LarderError(
    'REQUEST_INVALID',
    `The training set has no column ${unknown}; its spine has ${known.join(', ')}.`,
  );
}
