import { shortestFloat32 } from '@larder/core';
import type { FieldValue, JsonValue } from '../definition/field.ts';
import type { ValueSpec } from './value-spec.ts';

/**
 * Encodes a field's value for the HTTP API: int64 as a decimal string unless safe, timestamps in UTC, vectors as
 * arrays, float32 with the fewest digits that identify it. Null stays null, and a number that JSON cannot express (NaN,
 * infinities) becomes null.
 */
export function encodeJsonValue(spec: ValueSpec, value: FieldValue): JsonValue {
  if (typeof value === 'bigint') return spec.safe === true ? Number(value) : value.toString();
  if (typeof value === 'number') {
    if (spec.type === 'float32') return finiteOrNull(shortestFloat32(value));
    return spec.type === 'int64' && spec.safe !== true ? value.toString() : finiteOrNull(value);
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Float32Array)
    return Array.from(value, (float) => finiteOrNull(shortestFloat32(float)));
  return value;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
