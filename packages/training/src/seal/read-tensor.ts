import { resolve } from 'node:path';
import { openDuckdb, quotedName, textLiteral } from '@larder/archive';
import { LarderError } from '@larder/core';
import { readTrainingSet } from './read-training-set.ts';
import { tensorFeatures, tensorRow } from './tensor-columns.ts';

export interface ReadTensorOptions {
  /** @default `train`, or all rows of a set without a split */
  readonly part?: string;
  /** Columns of the spine to read too, such as the label. */
  readonly columns?: readonly string[];
  /** Some of the training set's features, in the model's order. @default all */
  readonly features?: readonly string[];
  /** `missing` of the model's definition. @default NaN */
  readonly missing?: number;
}

/** Rows in the order of their file. */
export interface TrainingTensor {
  /** `view:feature` in the order of the tensor. */
  readonly features: readonly string[];
  /** What the model gets when it answers; a vector takes as many columns as it has floats. */
  readonly rows: readonly Float32Array[];
  /** Values of the columns that were asked for. */
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Reads a part of a training set into memory, as rows of the model's tensor.
 * @param trainingSet its folder
 * @throws DATA_FILE_INVALID, REQUEST_INVALID for a column that it lacks, MODEL_SIGNATURE_MISMATCH for such a feature
 */
export async function readTensor(
  trainingSet: string,
  { part, columns = [], features: names, missing = Number.NaN }: ReadTensorOptions = {},
): Promise<TrainingTensor> {
  const set = await readTrainingSet(resolve(trainingSet), part);
  const features = tensorFeatures(set.manifest, names);
  refuseUnknown(
    columns,
    set.manifest.spine.columns.map(({ name }) => name),
  );
  const rows: Float32Array[] = [];
  const values = columns.map((name) => ({ name, values: [] as unknown[] }));
  const read = [...new Set([...features.map(({ name }) => name), ...columns])].map(quotedName);
  const duckdb = await openDuckdb({ folders: [set.folder] });
  try {
    // One after another: without it DuckDB may give row groups in any order.
    const sql = `select ${read.join(', ')} from read_parquet(${textLiteral(set.rowsPath)}, file_row_number = true) order by file_row_number`;
    for await (const group of duckdb.rows<Record<string, unknown>>(sql, { what: `Reading ${set.rowsPath}` }))
      for (const row of group) {
        rows.push(Float32Array.from(tensorRow(features, row), (value) => value ?? missing));
        for (const column of values) column.values.push(row[column.name]);
      }
  } finally {
    await duckdb.close();
  }
  return {
    features: features.map(({ name }) => name),
    rows,
    columns: Object.fromEntries(values.map((column) => [column.name, column.values])),
  };
}

function refuseUnknown(columns: readonly string[], known: readonly string[]): void {
  const unknown = columns.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new LarderError(
    'REQUEST_INVALID',
    `The training set has no column ${unknown}; its spine has ${known.join(', ')}.`,
  );
}
