import type { Feed, ModelInput, TensorData, TensorType } from '../session/feed.ts';

/** A value in the JSON files of an artifact: null where it is missing, an int64 beyond 2^53 as decimal digits. */
export type RowValue = number | string | boolean | null;

/** A row in the JSON files of an artifact: a list for a model with one tensor, lists by name for one with named inputs. */
export type ArtifactRow = readonly RowValue[] | Readonly<Record<string, readonly RowValue[]>>;

/**
 * Rows as a request would bring them; nulls become `missing`, and empty in a text.
 * @throws Error naming what does not fit
 */
export function rowsFeed(
  rows: readonly ArtifactRow[],
  inputs: readonly ModelInput[],
  { named, missing }: { readonly named: boolean; readonly missing: number },
): Feed {
  if (!named)
    return Float32Array.from(
      rows.flatMap((row) => [...(row as readonly number[])]),
      (value) => value ?? missing,
    );
  return inputs.map(({ name, type }) => {
    const values = rows.flatMap((row) => (row as Readonly<Record<string, readonly RowValue[]>>)[name] ?? []);
    return dataOf(values, type, missing);
  });
}

function dataOf(values: readonly RowValue[], type: TensorType, missing: number): TensorData {
  switch (type) {
    case 'float32':
      return Float32Array.from(values, (value) => (value === null ? missing : Number(value)));
    case 'float64':
      return Float64Array.from(values, (value) => (value === null ? missing : Number(value)));
    case 'int64':
      return BigInt64Array.from(values, (value) => BigInt(value ?? missing));
    case 'bool':
      return Uint8Array.from(values, (value) => Number(value ?? missing));
    case 'string':
      return values.map((value) => (value === null ? '' : String(value)));
  }
}
