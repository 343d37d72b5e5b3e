import { dirname, extname, resolve } from 'node:path';
import {
  describeColumns,
  openDuckdb,
  quotedName,
  refuseDeepJson,
  scanFile,
  type DataFormat,
} from '@larder/archive';
import { LarderError, shellWord } from '@larder/core';
import type { Scores } from './model-scores.ts';

const FORMATS: Readonly<Record<string, DataFormat>> = {
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.jsonl': 'json',
  '.ndjson': 'json',
};

/**
 * Scores from a file with one row for every row of the training part, in its order, and a column for every output field.
 * @throws DATA_FILE_INVALID
 */
export async function readScores(path: string, positions: readonly number[]): Promise<Scores> {
  const format = FORMATS[extname(path).toLowerCase()];
  if (format === undefined)
    throw invalid(
      `${shellWord(path)} must be a .parquet, .csv or .jsonl file, one row for each row of the training set.`,
    );
  const absolute = resolve(path);
  // One thread reads the rows in their order.
  const duckdb = await openDuckdb({ folders: [dirname(absolute)], threads: 1 });
  try {
    if (format === 'json') await refuseDeepJson(absolute, shellWord(path));
    const what = { what: `Reading ${shellWord(path)}` };
    const file = scanFile({ path: absolute, format });
    const columns = await describeColumns(duckdb, file, what);
    const scores = columns.map(({ name }, i) => `try_cast(${quotedName(name)} as double) as c${i}`);
    const rows = await duckdb.all<Record<string, number | null>>(
      `select ${scores.join(', ')} from (select *, row_number() over () as "larder row" from ${file})
        where "larder row" in (${positions.map((position) => position + 1).join(', ')}) order by "larder row"`,
      what,
    );
    if (rows.length < positions.length)
      throw invalid(
        `${shellWord(path)} has fewer rows than the training set: it needs one for each of its rows, in their order.`,
      );
    return Object.fromEntries(
      columns.map(({ name }, i) => [name, rows.map((row) => row[`c${i}`] ?? Number.NaN)]),
    );
  } finally {
    await duckdb.close();
  }
}

function invalid(message: string): LarderError {
  return new LarderError('DATA_FILE_INVALID', message);
}
