import type { ArtifactRow, RowValue, TensorType } from '@larder/model-runtime';
import type { TypedInput } from './set-inputs.ts';

/** A row of a training set as the files of an artifact have it: a list, or a list for each named input. */
export function artifactRow(
  inputs: readonly TypedInput[],
  named: boolean,
  values: Readonly<Record<string, unknown>>,
): ArtifactRow {
  if (!named) return inputs.flatMap((input) => rowValues(input, values));
  return Object.fromEntries(inputs.map((input) => [input.name, rowValues(input, values)]));
}

/** Values for one input; null where the value is missing. */
function rowValues({ type, features }: TypedInput, values: Readonly<Record<string, unknown>>): RowValue[] {
  return features.flatMap((feature): RowValue[] => {
    const value = values[feature.name];
    if (value === null || value === undefined) return Array.from({ length: feature.width }, () => null);
    if (feature.type === 'vector') return Array.from(value as ArrayLike<number>, Math.fround).map(known);
    return [rowValue(type, value)];
  });
}

function rowValue(type: TensorType, value: unknown): RowValue {
  switch (type) {
    case 'float32':
      return known(Math.fround(Number(value)));
    case 'float64':
      return known(Number(value));
    case 'int64': {
      const whole = BigInt(value as bigint | number | boolean);
      return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole.toString();
    }
    case 'bool':
      return value === true;
    case 'string':
      return String(value);
  }
}

/** NaN is a missing value in a tensor. */
function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
