import type { FieldType } from '../definition/field.ts';
import { jsonProblem, typeName } from './json-problem.ts';
import { isInt64, isStorable, UNSTORABLE, type ValueSpec } from './value-spec.ts';

/** Why a TypeScript value (of a default, a computation, an on-demand function) does not fit its field, or null when it does. */
export function valueProblem(spec: ValueSpec, value: unknown): string | null {
  return CHECKS[spec.type](value, spec);
}

const CHECKS: Readonly<Record<FieldType, (value: unknown, spec: ValueSpec) => string | null>> = {
  float32: numberProblem,
  float64: numberProblem,
  int64: (value, spec) => {
    if (spec.safe === true)
      return Number.isSafeInteger(value)
        ? null
        : `must be a whole number within 2^53, not ${typeName(value)}`;
    if (typeof value !== 'bigint') return `must be a bigint such as 0n, not ${typeName(value)}`;
    return isInt64(value) ? null : 'must fit into 64 bits';
  },
  bool: (value) => (typeof value === 'boolean' ? null : `must be true or false, not ${typeName(value)}`),
  string: (value) => {
    if (typeof value !== 'string') return `must be a string, not ${typeName(value)}`;
    return isStorable(value) ? null : UNSTORABLE;
  },
  timestamp: (value) =>
    value instanceof Date && !Number.isNaN(value.getTime())
      ? null
      : `must be a valid Date, not ${typeName(value)}`,
  vector: (value, { length }) => {
    if (!(value instanceof Float32Array))
      return `must be a Float32Array of ${length} numbers, not ${typeName(value)}`;
    return value.length === length ? null : `must have ${length} numbers, not ${value.length}`;
  },
  json: (value) => jsonProblem(value),
};

function numberProblem(value: unknown): string | null {
  return typeof value === 'number' ? null : `must be a number, not ${typeName(value)}`;
}
