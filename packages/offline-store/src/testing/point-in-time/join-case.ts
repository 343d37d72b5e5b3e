import type { FieldManifest, FieldValue, JsonValue } from '@larder/features';
import type { HistoryRow, PointInTimeJoin } from '../../index.ts';

/** Rows of one chunk land together, and the online store confirms them together. */
export interface Chunk {
  readonly chunkId: number;
  readonly landedAtMs: number;
  /** Null: not confirmed. */
  readonly onlineAtUs: bigint | null;
}

export interface SpineRow {
  readonly row: number;
  readonly atUs: bigint;
  readonly keys: Readonly<Record<string, FieldValue>>;
}

/** A join with all that it reads. */
export interface JoinCase {
  readonly join: PointInTimeJoin;
  /** By view, in the order of the join. */
  readonly histories: readonly (readonly HistoryRow[])[];
  readonly chunks: readonly Chunk[];
  readonly spine: readonly SpineRow[];
}

/**
 * A value of the result that can be compared between engines: floats (float32 as the nearest double) and milliseconds as
 * numbers, int64 as bigint, vectors as arrays, JSON parsed.
 */
export type JoinedValue = bigint | readonly number[] | JsonValue;

/** One row of a result, in the order of `joinedColumns`. */
export type JoinedRow = readonly JoinedValue[];

/** A value of history as a `JoinedValue`. */
export function joinedValue(field: FieldManifest, value: FieldValue | null): JoinedValue {
  if (value === null) return null;
  if (value instanceof Date) return value.getTime();
  if (value instanceof Float32Array) return [...value];
  if (field.type === 'int64') return BigInt(value as number | bigint);
  if (field.type === 'float32') return Math.fround(value as number);
  return value;
}
