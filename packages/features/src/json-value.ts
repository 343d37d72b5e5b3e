/**
 * Hot path: every request field and pushed value passes here. No exceptions for control flow, no schema library.
 */
import type { FieldType, FieldValue, JsonValue } from './field.ts';

/** What encoding needs of a field; a `FieldManifest` fits. */
export interface ValueSpec {
  readonly type: FieldType;
  readonly length?: number;
  readonly safe?: boolean;
}

export type DecodedValue =
  | { readonly ok: true; readonly value: FieldValue }
  | { readonly ok: false; readonly detail: string };

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INTEGER = /^-?(?:0|[1-9]\d{0,18})$/;
const TIMESTAMP =
  /^\d{4}-(?:0[1-9]|1[0-2])-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const JSON_MAX_DEPTH = 64;

/**
 * A value of the HTTP API as a field's value. Null is refused: whether a value may be absent is for the caller to
 * decide. float32 is rounded to float32, so that requests, stores and training sets see one number.
 */
export function decodeJsonValue(spec: ValueSpec, json: unknown): DecodedValue {
  switch (spec.type) {
    case 'float32': {
      const value = typeof json === 'number' ? Math.fround(json) : Number.NaN;
      return Number.isFinite(value) ? { ok: true, value } : wrong('must be a number within float32');
    }
    case 'float64':
      return typeof json === 'number' && Number.isFinite(json)
        ? { ok: true, value: json }
        : wrong('must be a number');
    case 'int64':
      return decodeInt64(json, spec.safe === true);
    case 'bool':
      return typeof json === 'boolean' ? { ok: true, value: json } : wrong('must be true or false');
    case 'string':
      if (typeof json !== 'string') return wrong('must be a string');
      return isStorable(json) ? { ok: true, value: json } : wrong(UNSTORABLE);
    case 'timestamp':
      return decodeTimestamp(json);
    case 'vector':
      return decodeVector(json, spec.length ?? 0);
    case 'json': {
      if (json === null || json === undefined) return wrong('must be a JSON value other than null');
      const detail = jsonProblem(json, 0);
      return detail === null ? { ok: true, value: json as JsonValue } : wrong(detail);
    }
  }
}

/** A field's value as the HTTP API spells it; null stays null, and so does a number that JSON has no word for (NaN, infinities). */
export function encodeJsonValue(spec: ValueSpec, value: FieldValue | null): JsonValue {
  if (value === null) return null;
  switch (spec.type) {
    case 'int64':
      return spec.safe === true ? Number(value) : String(value);
    case 'timestamp':
      return (value as Date).toISOString();
    case 'vector':
      return Array.from(value as Float32Array, finiteOrNull);
    case 'float32':
    case 'float64':
      return finiteOrNull(value as number);
    default:
      return value as JsonValue;
  }
}

/** Why a TypeScript value (of a default, a computation, an on-demand function) does not fit its field, or null when it does. */
export function valueProblem(spec: ValueSpec, value: unknown): string | null {
  switch (spec.type) {
    case 'float32':
    case 'float64':
      return typeof value === 'number' ? null : `must be a number, not ${typeName(value)}`;
    case 'int64':
      if (spec.safe === true)
        return Number.isSafeInteger(value)
          ? null
          : `must be a whole number within 2^53, not ${typeName(value)}`;
      if (typeof value !== 'bigint') return `must be a bigint such as 0n, not ${typeName(value)}`;
      return value >= INT64_MIN && value <= INT64_MAX ? null : 'must fit into 64 bits';
    case 'bool':
      return typeof value === 'boolean' ? null : `must be true or false, not ${typeName(value)}`;
    case 'string':
      if (typeof value !== 'string') return `must be a string, not ${typeName(value)}`;
      return isStorable(value) ? null : UNSTORABLE;
    case 'timestamp':
      return value instanceof Date && !Number.isNaN(value.getTime())
        ? null
        : `must be a valid Date, not ${typeName(value)}`;
    case 'vector':
      if (!(value instanceof Float32Array))
        return `must be a Float32Array of ${spec.length} numbers, not ${typeName(value)}`;
      return value.length === spec.length ? null : `must have ${spec.length} numbers, not ${value.length}`;
    case 'json':
      return jsonProblem(value, 0);
  }
}

function decodeInt64(json: unknown, safe: boolean): DecodedValue {
  if (safe) {
    const value = typeof json === 'string' && INTEGER.test(json) ? Number(json) : json;
    return Number.isSafeInteger(value)
      ? { ok: true, value: value as number }
      : wrong('must be a whole number within 2^53');
  }
  if (Number.isSafeInteger(json)) return { ok: true, value: BigInt(json as number) };
  if (typeof json === 'string' && INTEGER.test(json)) {
    const value = BigInt(json);
    if (value >= INT64_MIN && value <= INT64_MAX) return { ok: true, value };
  }
  return wrong('must be a 64-bit whole number, as a decimal string where it is beyond 2^53');
}

function decodeTimestamp(json: unknown): DecodedValue {
  const match = typeof json === 'string' ? TIMESTAMP.exec(json) : null;
  if (match !== null) {
    const value = new Date(match[0]);
    if (!Number.isNaN(value.getTime()) && dayExists(match[0], Number(match[1]))) return { ok: true, value };
  }
  return wrong("must be an ISO 8601 timestamp with offset, such as '2026-11-20T09:30:00Z'");
}

// `Date` takes 31 February for 3 March.
function dayExists(text: string, day: number): boolean {
  return day >= 1 && (day <= 28 || new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === day);
}

function decodeVector(json: unknown, length: number): DecodedValue {
  if (!Array.isArray(json) || json.length !== length) return wrong(`must be an array of ${length} numbers`);
  const value = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const item: unknown = json[i];
    if (typeof item !== 'number' || !Number.isFinite(Math.fround(item)))
      return wrong(`must be an array of ${length} numbers within float32; item ${i} is not`);
    value[i] = item;
  }
  return { ok: true, value };
}

const UNSTORABLE = 'must be well-formed Unicode without the character U+0000';

/** PostgreSQL holds neither U+0000 nor half a surrogate pair. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function jsonProblem(value: unknown, depth: number): string | null {
  if (depth > JSON_MAX_DEPTH) return `must not nest deeper than ${JSON_MAX_DEPTH}`;
  if (typeof value === 'string') return isStorable(value) ? null : UNSTORABLE;
  if (value === null || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'must hold finite numbers only';
  if (typeof value !== 'object' || (!Array.isArray(value) && !isPlain(value)))
    return `must be JSON, not ${typeName(value)}`;
  for (const [key, member] of Object.entries(value)) {
    const detail = isStorable(key) ? jsonProblem(member, depth + 1) : UNSTORABLE;
    if (detail !== null) return detail;
  }
  return null;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return value.constructor?.name ?? 'object';
  return typeof value;
}

function wrong(detail: string): DecodedValue {
  return { ok: false, detail };
}
