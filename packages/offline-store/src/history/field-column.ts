import { valueProblem, type FieldManifest, type FieldValue } from '@larder/features';
import type { CopyWriter } from '../copy/copy-writer.ts';

/** How one join key or feature is stored in history: its SQL type, and its conversion to and from binary COPY. */
export interface FieldColumn {
  readonly name: string;
  readonly sqlType: string;
  /** Describes what is wrong with a present value, as the end of a sentence; null when the value fits. */
  problem(value: unknown): string | null;
  /** Call only for values without a `problem`. */
  write(out: CopyWriter, value: FieldValue): void;
  read(bytes: Buffer): FieldValue;
}

interface Codec extends Pick<FieldColumn, 'sqlType' | 'write' | 'read'> {
  /** Describes why PostgreSQL cannot store a value that fits its field. */
  readonly limit?: (value: never) => string | null;
}

export function fieldColumn(field: FieldManifest): FieldColumn {
  const { sqlType, write, read, limit } = field.safe ? SAFE_INT64 : CODECS[field.type];
  return {
    name: field.name,
    sqlType,
    problem: (value) => valueProblem(field, value) ?? limit?.(value as never) ?? null,
    write,
    read,
  };
}

const POSTGRES_EPOCH_MS = 946_684_800_000;
const MIN_TIMESTAMP_MS = -210_866_803_200_000;

export function writeTimestampMs(out: CopyWriter, timestampMs: number): void {
  const microseconds = (timestampMs - POSTGRES_EPOCH_MS) * 1_000;
  // Beyond the year 2285 a number cannot represent every microsecond.
  if (Number.isSafeInteger(microseconds)) out.safeInt64(microseconds);
  else out.int64(BigInt(timestampMs - POSTGRES_EPOCH_MS) * 1_000n);
}

export function readTimestampMs(bytes: Buffer): number {
  return Number(bytes.readBigInt64BE(0) / 1_000n) + POSTGRES_EPOCH_MS;
}

/** Milliseconds with PostgreSQL's microseconds as a fraction: compares with whole milliseconds as PostgreSQL does. */
export function readFractionalMs(bytes: Buffer): number {
  return Number(bytes.readBigInt64BE(0)) / 1_000 + POSTGRES_EPOCH_MS;
}

const SAFE_INT64: Codec = {
  sqlType: 'bigint',
  write: (out, value) => out.safeInt64(value as number),
  read: (bytes) => Number(bytes.readBigInt64BE(0)),
};

function readVector(bytes: Buffer): Float32Array {
  const length = bytes.readInt32BE(0) === 0 ? 0 : bytes.readInt32BE(12);
  const values = new Float32Array(length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0, at = 24; i < length; i++, at += 8) bits[i] = bytes.readUInt32BE(at);
  return values;
}

const CODECS: Readonly<Record<FieldManifest['type'], Codec>> = {
  float32: {
    sqlType: 'real',
    limit: (value: number) =>
      Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? 'is beyond float32' : null,
    write: (out, value) => out.float32(value as number),
    read: (bytes) => bytes.readFloatBE(0),
  },
  float64: {
    sqlType: 'double precision',
    write: (out, value) => out.float64(value as number),
    read: (bytes) => bytes.readDoubleBE(0),
  },
  int64: {
    sqlType: 'bigint',
    write: (out, value) => out.int64(value as bigint),
    read: (bytes) => bytes.readBigInt64BE(0),
  },
  bool: {
    sqlType: 'boolean',
    write: (out, value) => out.bool(value as boolean),
    read: (bytes) => bytes[0] === 1,
  },
  string: {
    sqlType: 'text',
    write: (out, value) => out.text(value as string),
    read: (bytes) => bytes.toString('utf8'),
  },
  timestamp: {
    sqlType: 'timestamptz',
    limit: (value: Date) => (value.getTime() < MIN_TIMESTAMP_MS ? 'is before 4713 BC' : null),
    write: (out, value) => writeTimestampMs(out, (value as Date).getTime()),
    read: (bytes) => new Date(readTimestampMs(bytes)),
  },
  vector: {
    sqlType: 'real[]',
    write: (out, value) => out.float32Array(value as Float32Array),
    read: readVector,
  },
  json: {
    sqlType: 'jsonb',
    write: (out, value) => out.jsonb(JSON.stringify(value)),
    read: (bytes) => JSON.parse(bytes.toString('utf8', 1)) as FieldValue,
  },
};
