import type { FieldManifest, FieldValue } from '@larder/features';
import type { CopyWriter } from '../copy/copy-writer.ts';

/** How one join key or feature lies in history: its SQL type, and its values to and from binary COPY. */
export interface FieldColumn {
  readonly name: string;
  readonly sqlType: string;
  /** What is wrong with a present value, as the end of a sentence; null when it fits. */
  problem(value: unknown): string | null;
  /** Only for values without a `problem`. */
  write(out: CopyWriter, value: FieldValue): void;
  read(bytes: Buffer): FieldValue;
}

type Codec = Omit<FieldColumn, 'name'>;

export function fieldColumn(field: FieldManifest): FieldColumn {
  return { name: field.name, ...codecOf(field) };
}

function codecOf(field: FieldManifest): Codec {
  switch (field.type) {
    case 'vector':
      return vector(field.length ?? 0);
    case 'int64':
      return field.safe ? safeInt64 : int64;
    default:
      return CODECS[field.type];
  }
}

const POSTGRES_EPOCH_MS = 946_684_800_000;
const MIN_TIMESTAMP_MS = -210_866_803_200_000;

export function writeTimestampMs(out: CopyWriter, timestampMs: number): void {
  out.int64(BigInt(timestampMs - POSTGRES_EPOCH_MS) * 1_000n);
}

export function readTimestampMs(bytes: Buffer): number {
  return Number(bytes.readBigInt64BE(0) / 1_000n) + POSTGRES_EPOCH_MS;
}

const int64: Codec = {
  sqlType: 'bigint',
  problem(value) {
    if (typeof value !== 'bigint') return `must be a bigint, got ${describe(value)}`;
    return BigInt.asIntN(64, value) === value ? null : 'is beyond 64 bits';
  },
  write: (out, value) => out.int64(value as bigint),
  read: (bytes) => bytes.readBigInt64BE(0),
};

const safeInt64: Codec = {
  sqlType: 'bigint',
  problem(value) {
    if (typeof value !== 'number') return `must be a number, got ${describe(value)}`;
    return Number.isSafeInteger(value) ? null : 'is no integer within 2^53';
  },
  write: (out, value) => out.int64(BigInt(value as number)),
  read: (bytes) => Number(bytes.readBigInt64BE(0)),
};

function vector(length: number): Codec {
  return {
    sqlType: 'real[]',
    problem(value) {
      if (!(value instanceof Float32Array)) return `must be a Float32Array, got ${describe(value)}`;
      return value.length === length ? null : `has ${value.length} floats where ${length} are declared`;
    },
    write: (out, value) => out.float32Array(value as Float32Array),
    read: readVector,
  };
}

function readVector(bytes: Buffer): Float32Array {
  const length = bytes.readInt32BE(0) === 0 ? 0 : bytes.readInt32BE(12);
  const values = new Float32Array(length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0, at = 24; i < length; i++, at += 8) bits[i] = bytes.readUInt32BE(at);
  return values;
}

const CODECS: Readonly<Record<Exclude<FieldManifest['type'], 'vector' | 'int64'>, Codec>> = {
  float32: {
    sqlType: 'real',
    problem(value) {
      if (typeof value !== 'number') return `must be a number, got ${describe(value)}`;
      return Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? 'is beyond float32' : null;
    },
    write: (out, value) => out.float32(value as number),
    read: (bytes) => bytes.readFloatBE(0),
  },
  float64: {
    sqlType: 'double precision',
    problem: (value) => (typeof value === 'number' ? null : `must be a number, got ${describe(value)}`),
    write: (out, value) => out.float64(value as number),
    read: (bytes) => bytes.readDoubleBE(0),
  },
  bool: {
    sqlType: 'boolean',
    problem: (value) => (typeof value === 'boolean' ? null : `must be a boolean, got ${describe(value)}`),
    write: (out, value) => out.bool(value as boolean),
    read: (bytes) => bytes[0] === 1,
  },
  string: {
    sqlType: 'text',
    problem(value) {
      if (typeof value !== 'string') return `must be a string, got ${describe(value)}`;
      if (value.includes('\0')) return 'holds a NUL character, which PostgreSQL cannot store';
      return value.isWellFormed() ? null : 'holds half of a surrogate pair, which is no text';
    },
    write: (out, value) => out.text(value as string),
    read: (bytes) => bytes.toString('utf8'),
  },
  timestamp: {
    sqlType: 'timestamptz',
    problem(value) {
      if (!(value instanceof Date)) return `must be a Date, got ${describe(value)}`;
      // An invalid Date compares false.
      return value.getTime() >= MIN_TIMESTAMP_MS ? null : 'is no instant that PostgreSQL can store';
    },
    write: (out, value) => writeTimestampMs(out, (value as Date).getTime()),
    read: (bytes) => new Date(readTimestampMs(bytes)),
  },
  json: {
    sqlType: 'jsonb',
    problem: jsonProblem,
    write: (out, value) => out.jsonb(JSON.stringify(value)),
    read: (bytes) => JSON.parse(bytes.toString('utf8', 1)) as FieldValue,
  },
};

/** jsonb refuses what JSON text can still spell: U+0000 and lone surrogates. */
const UNSTORABLE_ESCAPE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

function jsonProblem(value: unknown): string | null {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  if (text === undefined) return `must be a JSON value, got ${describe(value)}`;
  return UNSTORABLE_ESCAPE.test(text)
    ? 'holds a NUL character or half of a surrogate pair, which jsonb cannot store'
    : null;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
}
