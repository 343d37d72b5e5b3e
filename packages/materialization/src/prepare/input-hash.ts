/*
 * Hot path: one microsecond per row, half of it SHA-256 itself. The JSON text is built here, value by value, and the
 * digest is read as characters: arrays, tags and Buffers for each row would cost three times as much.
 */
import { hash } from 'node:crypto';
import type { SourceRow } from '@larder/features';

/** 64-bit hash of the columns that a row's features are computed from. */
export type InputHash = (row: SourceRow) => bigint;

/**
 * Two rows of one key and event timestamp with the same hash have the same features: definitions are immutable per view
 * version. The hash is of the JSON of names and values, in the row's order; history keeps it, so it never changes.
 */
export function compileInputHash(ignored: ReadonlySet<string>): InputHash {
  const names = new Map<string, string>();
  const digest = new DataView(new ArrayBuffer(8));
  const labelOf = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const label = `${JSON.stringify(name)},`;
    names.set(name, label);
    return label;
  };
  return (row) => {
    let json = '[';
    for (const name in row) {
      if (ignored.has(name)) continue;
      if (json.length > 1) json += ',';
      json += labelOf(name) + jsonOf(row[name]);
    }
    const bytes = hash('sha256', `${json}]`, 'binary');
    for (let at = 0; at < 8; at++) digest.setUint8(at, bytes.charCodeAt(at));
    return digest.getBigInt64(0);
  };
}

/** Writes a value like `JSON.stringify` inside an array, with tags: plain JSON would not distinguish NaN from null, or a bigint from its text. */
function jsonOf(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : `{"number":"${value}"}`;
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return `{"bigint":"${value}"}`;
    case 'object':
      return value === null ? 'null' : jsonOfObject(value);
    default:
      return 'null';
  }
}

function jsonOfObject(value: object): string {
  if (value instanceof Date) return `{"date":${jsonOfNumber(value.getTime())}}`;
  if (Buffer.isBuffer(value)) return `{"bytes":"${value.toString('base64')}"}`;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join()}]`;
  return JSON.stringify(value);
}

function jsonOfNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}
