import { quotedName, textLiteral, type Duckdb } from '@larder/archive';
import { shortestFloat32 } from '@larder/core';
import type { ArtifactRow, RowValue } from '@larder/model-runtime';
import type { TrainingSetFolder } from './read-training-set.ts';
import { artifactRow } from './row-values.ts';
import type { TypedInput } from './set-inputs.ts';

/** Rows of a training set by their positions in its file, from 0. */
export interface PickedRows {
  readonly positions: readonly number[];
  /** As JSON holds them: the shortest decimals of a float32. */
  readonly rows: readonly ArtifactRow[];
}

/** What the rows are for. */
export interface PickedInputs {
  readonly inputs: readonly TypedInput[];
  /** Rows by the names of the inputs. */
  readonly named: boolean;
}

const GOLDEN_ROWS = 32;

/**
 * Evenly spaced rows, the first row with a null of each feature that has one, and the row with the most nulls: what a
 * conversion gets wrong is the missing value.
 */
export async function pickGoldenRows(
  duckdb: Duckdb,
  set: TrainingSetFolder,
  wanted: PickedInputs,
): Promise<PickedRows> {
  const features = wanted.inputs.flatMap((input) => input.features);
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
  return readRows(duckdb, set, { ...wanted, positions: [...positions].toSorted((a, b) => a - b) });
}

/** Evenly spaced rows. */
export function pickBackgroundRows(
  duckdb: Duckdb,
  set: TrainingSetFolder,
  { count, ...wanted }: PickedInputs & { readonly count: number },
): Promise<PickedRows> {
  return readRows(duckdb, set, { ...wanted, positions: evenlySpaced(set.rows, count) });
}

async function readRows(
  duckdb: Duckdb,
  set: TrainingSetFolder,
  { inputs, named, positions }: PickedInputs & { readonly positions: number[] },
): Promise<PickedRows> {
  const names = inputs.flatMap(({ features }) => features.map(({ name }) => name));
  const rows = await duckdb.all<Record<string, unknown>>(
    `select ${names.map(quotedName).join(', ')} from ${scan(set)} where file_row_number in (${positions.join(', ')}) order by file_row_number`,
    { what: `Reading ${set.rowsPath}` },
  );
  const float32 = new Set(inputs.filter(({ type }) => type === 'float32').map(({ name }) => name));
  const decimals = (values: readonly RowValue[]) =>
    values.map((value) => (typeof value === 'number' ? shortestFloat32(value) : value));
  const shown = (row: ArtifactRow): ArtifactRow => {
    if (!named) return decimals(row as readonly RowValue[]);
    const lists = Object.entries(row as Readonly<Record<string, readonly RowValue[]>>);
    return Object.fromEntries(
      lists.map(([name, values]) => [name, float32.has(name) ? decimals(values) : values]),
    );
  };
  return { positions, rows: rows.map((row) => shown(artifactRow(inputs, named, row))) };
}

function scan({ rowsPath }: TrainingSetFolder): string {
  return `read_parquet(${textLiteral(rowsPath)}, file_row_number = true)`;
}

export function evenlySpaced(count: number, wanted: number): number[] {
  const length = Math.min(count, wanted);
  return Array.from({ length }, (_, at) => Math.floor(((at + 0.5) * count) / length));
}
