import { valueProblem, type FieldManifest, type FieldValue } from '@larder/features';

export type CheckedValue =
  | { readonly ok: true; readonly value: FieldValue }
  | { readonly ok: false; readonly detail: string };

/**
 * Converts a value of a source or a computation to the field's value: integers take the declared integer type, arrays
 * of numbers become vectors, float32 is rounded. Nothing else is converted, and numbers must be finite: a missing value
 * is null.
 */
export function checkFeatureValue(field: FieldManifest, given: unknown): CheckedValue {
  const value = convert(field, given);
  const problem = valueProblem(field, value) ?? finiteProblem(value);
  return problem === null
    ? { ok: true, value: value as FieldValue }
    : { ok: false, detail: `${field.name} ${problem}` };
}

/** Fast path: returns the value if it already fits the field; undefined: use `checkFeatureValue`. */
export function plainFeatureValue({ type, safe }: FieldManifest, given: unknown): FieldValue | undefined {
  if (typeof given === 'number') {
    if (type === 'float64' && Number.isFinite(given)) return given;
    if (type === 'float32' && Number.isFinite(Math.fround(given))) return Math.fround(given);
    if (type === 'int64' && Number.isSafeInteger(given)) return safe === true ? given : BigInt(given);
  } else if (typeof given === 'boolean' && type === 'bool') return given;
  return undefined;
}

function convert(field: FieldManifest, given: unknown): unknown {
  if (field.type === 'float32') return typeof given === 'number' ? Math.fround(given) : given;
  if (field.type === 'int64' && field.safe === true) return typeof given === 'bigint' ? Number(given) : given;
  if (field.type === 'int64') return Number.isSafeInteger(given) ? BigInt(given as number) : given;
  if (field.type === 'vector' && Array.isArray(given) && given.every((item) => typeof item === 'number'))
    return Float32Array.from(given);
  return given;
}

function finiteProblem(value: unknown): string | null {
  if (typeof value === 'number' && !Number.isFinite(value))
    return 'must be finite; use null for a missing value';
  if (value instanceof Float32Array) {
    const at = value.findIndex((item) => !Number.isFinite(item));
    if (at >= 0) return `must be finite; item ${at} is ${value[at]}`;
  }
  return null;
}
