import { quotedName, textLiteral, type Duckdb } from '@larder/archive';
import { shortestFloat32 } from '@larder/core';
import { tensorRow, type TensorFeature } from './tensor-columns.ts';
import type { TrainingSetFolder } from './read-training-set.ts';

/** Rows of a training set by their positions in its file, from 0. */
export interface PickedRows {
  readonly positions: readonly number[];
  /** As JSON holds them: the shortest decimals of the tensor's float32. */
  readonly rows: readonly (readonly (number | null)[])[];
}

const GOLDEN_ROWS = 32;

/**
 * Evenly spaced rows, the first row with a null of each feature that has one, and the row with the most nulls: what a
 * conversion gets wrong is the missing value.
 */
export async function pickGoldenRows(
  duckdb: Duckdb,
  set: TrainingSetFolder,
  features: readonly TensorFeature[],
): Promise<PickedRows> {
  const withNulls = features.filter(({ hasNulls }) => hasNulls).map(({ name }) => quotedName(name));
  const positions = new Set(evenlySpaced(set.rows, GOLDEN_ROWS));
  if (withNulls.length > 0) {
    const first = withNulls.map((name, i) => `min(file_row_number) filter (where ${name} is null) as n${i}`);
    const nulls = withNulls.map((name) => `(${name} is null)::int`).join(' + ');
    const most = `arg_max(file_row_number, ${nulls}) as most`;
    const [found] = await duckdb.all<Record<string, bigint | null>>(
      `select ${[...first, most].join(', ')} from ${scan(set)}`,
      { what: `Reading ${set.rowsPath}` },
    );
    for (const position of Object.values(found ?? {})) if (position !== null) positions.add(Number(position));
  }
  return readRows(duckdb, set, { features, positions: [...positions].toSorted((a, b) => a - b) });
}

/** Evenly spaced rows. */
export function pickBackgroundRows(
  duckdb: Duckdb,
  set: TrainingSetFolder,
  options: { readonly features: readonly TensorFeature[]; readonly count: number },
): Promise<PickedRows> {
  return readRows(duckdb, set, {
    features: options.features,
    positions: evenlySpaced(set.rows, options.count),
  });
}

async function readRows(
  duckdb: Duckdb,
  set: TrainingSetFolder,
  { features, positions }: { readonly features: readonly TensorFeature[]; readonly positions: number[] },
): Promise<PickedRows> {
  const columns = features.map(({ name }) => quotedName(name)).join(', ');
  const rows = await duckdb.all<Record<string, unknown>>(
    `select ${columns} from ${scan(set)} where file_row_number in (${positions.join(', ')}) order by file_row_number`,
    { what: `Reading ${set.rowsPath}` },
  );
  const decimals = (row: Record<string, unknown>) =>
    tensorRow(features, row).map((value) => (value === null ? null : shortestFloat32(value)));
  return { positions, rows: rows.map(decimals) };
}

function scan({ rowsPath }: TrainingSetFolder): string {
  return `read_parquet(${textLiteral(rowsPath)}, file_row_number = true)`;
}

export function evenlySpaced(count: number, wanted: number): number[] {
  const length = Math.min(count, wanted);
  return Array.from({ length }, (_, at) => Math.floor(((at + 0.5) * count) / length));
}
