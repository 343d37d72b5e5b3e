import type { Feed, ModelInput, TensorData, TensorType } from '../session/feed.ts';

/** A value of golden.json: null where it is missing, an int64 beyond 2^53 as decimal digits. */
export type GoldenValue = number | string | boolean | null;

/** A row of golden.json: a list for a model with one tensor, lists by name for one with named inputs. */
export type GoldenRow = readonly GoldenValue[] | Readonly<Record<string, readonly GoldenValue[]>>;

/**
 * Golden rows as a request would bring them; nulls become `missing`, and empty in a text.
 * @throws Error naming what does not fit
 */
export function goldenFeed(
  rows: readonly GoldenRow[],
  inputs: readonly ModelInput[],
  { named, missing }: { readonly named: boolean; readonly missing: number },
): Feed {
  if (!named)
    return Float32Array.from(
      rows.flatMap((row) => [...(row as readonly number[])]),
      (value) => value ?? missing,
    );
  return inputs.map(({ name, type }) => {
    const values = rows.flatMap(
      (row) => (row as Readonly<Record<string, readonly GoldenValue[]>>)[name] ?? [],
    );
    return dataOf(values, type, missing);
  });
}

function dataOf(values: readonly GoldenValue[], type: TensorType, missing: number): TensorData {
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
