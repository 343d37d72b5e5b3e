/**
 * Hot path: every request field and pushed value passes here. No exceptions for control flow, no schema library.
 */
import type { FieldType, FieldValue, JsonValue } from '../definition/field.ts';
import { jsonProblem } from './json-problem.ts';
import { isInt64, isStorable, UNSTORABLE, type ValueSpec } from './value-spec.ts';

export type DecodedValue =
  | { readonly ok: true; readonly value: FieldValue }
  | { readonly ok: false; readonly detail: string };

/**
 * Decodes a value of the HTTP API for a field, or returns what it must be instead. Null is refused: the caller decides
 * whether a value may be absent. float32 values are rounded to float32, so that requests, stores and training sets see
 * the same number; timestamps keep milliseconds.
 */
export function decodeJsonValue(spec: ValueSpec, json: unknown): DecodedValue {
  return DECODERS[spec.type](json, spec);
}

const INTEGER = /^-?(?:0|[1-9]\d{0,18})$/;
const TIMESTAMP =
  /^\d{4}-(?:0[1-9]|1[0-2])-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const DECODERS: Readonly<Record<FieldType, (json: unknown, spec: ValueSpec) => DecodedValue>> = {
  float32: (json) => {
    const value = typeof json === 'number' ? Math.fround(json) : Number.NaN;
    return Number.isFinite(value) ? right(value) : wrong('must be a number within float32');
  },
  float64: (json) =>
    typeof json === 'number' && Number.isFinite(json) ? right(json) : wrong('must be a number'),
  int64: (json, spec) => (spec.safe === true ? decodeSafeInteger(json) : decodeInt64(json)),
  bool: (json) => (typeof json === 'boolean' ? right(json) : wrong('must be true or false')),
  string: (json, { constant }) => {
    if (constant !== undefined)
      return json === undefined || json === constant
        ? right(constant)
        : wrong(`must be '${constant}' or left out`);
    if (typeof json !== 'string') return wrong('must be a string');
    return isStorable(json) ? right(json) : wrong(UNSTORABLE);
  },
  timestamp: decodeTimestamp,
  vector: (json, spec) => decodeVector(json, spec.length ?? 0),
  json: (json) => {
    const detail = json === null ? 'must be a JSON value other than null' : jsonProblem(json);
    return detail === null ? right(json as JsonValue) : wrong(detail);
  },
};

function decodeSafeInteger(json: unknown): DecodedValue {
  const value = typeof json === 'string' && INTEGER.test(json) ? Number(json) : json;
  return Number.isSafeInteger(value) ? right(value as number) : wrong('must be a whole number within 2^53');
}

function decodeInt64(json: unknown): DecodedValue {
  if (Number.isSafeInteger(json)) return right(BigInt(json as number));
  if (typeof json === 'string' && INTEGER.test(json)) {
    const value = BigInt(json);
    if (isInt64(value)) return right(value);
  }
  return wrong('must be a whole number of 64 bits; beyond 2^53 as a decimal string');
}

function decodeTimestamp(json: unknown): DecodedValue {
  const match = typeof json === 'string' ? TIMESTAMP.exec(json) : null;
  if (match !== null) {
    const value = new Date(match[0]);
    if (!Number.isNaN(value.getTime()) && dayExists(match[0], Number(match[1]))) return right(value);
  }
  return wrong("must be an ISO 8601 timestamp with offset, such as '2026-11-20T09:30:00Z'");
}

// `Date` reads 31 February as 3 March.
function dayExists(text: string, day: number): boolean {
  return day <= 28 || new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === day;
}

function decodeVector(json: unknown, length: number): DecodedValue {
  if (!Array.isArray(json) || json.length !== length) return wrong(`must be an array of ${length} numbers`);
  const value = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const item: unknown = json[i];
    value[i] = typeof item === 'number' ? item : Number.NaN;
    if (!Number.isFinite(value[i]))
      return wrong(`must be an array of ${length} numbers; item ${i} is not one within float32`);
  }
  return right(value);
}

function right(value: FieldValue): DecodedValue {
  return { ok: true, value };
}

function wrong(detail: string): DecodedValue {
  return { ok: false, detail };
}
