import type { RowOrder } from '@larder/core';

/**
 * The first 22 bytes of every row, in every format (docs/reference/redis-layout.md):
 *   0      u8      format of what follows the header
 *   1..4   u32 BE  schema fingerprint
 *   5..21  order key: event ms, created ms (each 48 bits, biased by 2^47), revision (40 bits), all big-endian,
 *          so that comparing bytes compares rows; scripts/write-rows.lua does.
 */
const ROW_FORMAT = 1;
/** A windowed view: tiles instead of values (tiles/tile-layout.ts). */
export const TILE_FORMAT = 2;
export const ROW_HEADER_BYTES = 22;

const FINGERPRINT_OFFSET = 1;
const EVENT_OFFSET = 5;
const CREATED_OFFSET = 11;
const REVISION_OFFSET = 17;
const TIME_BIAS = 2 ** 47;
const REVISION_LIMIT = 2 ** 40;

export interface RowHeader extends RowOrder {
  readonly format: number;
  readonly schemaFingerprint: number;
}

/** @throws Error unless times are integers within ±2^47 ms and the revision fits in 40 bits. */
export function writeRowHeader(row: Buffer, schemaFingerprint: number, order: RowOrder): void {
  row[0] = ROW_FORMAT;
  row.writeUInt32BE(schemaFingerprint, FINGERPRINT_OFFSET);
  row.writeUIntBE(biased('event timestamp', order.eventTimestampMs), EVENT_OFFSET, 6);
  row.writeUIntBE(biased('created timestamp', order.createdTimestampMs), CREATED_OFFSET, 6);
  const { revision } = order;
  if (!Number.isInteger(revision) || revision < 0 || revision >= REVISION_LIMIT)
    throw new Error(`The revision must be an integer from 0 to 2^40 - 1, not ${revision}.`);
  row.writeUIntBE(revision, REVISION_OFFSET, 5);
}

/** The header of a row of any format; null when there are too few bytes. */
export function readRowHeader(row: Buffer): RowHeader | null {
  if (row.length < ROW_HEADER_BYTES) return null;
  return {
    format: row.readUInt8(0),
    schemaFingerprint: row.readUInt32BE(FINGERPRINT_OFFSET),
    eventTimestampMs: rowEventTimestampMs(row),
    createdTimestampMs: row.readUIntBE(CREATED_OFFSET, 6) - TIME_BIAS,
    revision: row.readUIntBE(REVISION_OFFSET, 5),
  };
}

/** Event time of a row that has a header; allocates nothing. */
export function rowEventTimestampMs(row: Buffer): number {
  return row.readUIntBE(EVENT_OFFSET, 6) - TIME_BIAS;
}

/** The first bytes of every row of this schema: format and fingerprint. */
export function rowPrefix(schemaFingerprint: number): Buffer {
  const prefix = Buffer.alloc(EVENT_OFFSET);
  prefix[0] = ROW_FORMAT;
  prefix.writeUInt32BE(schemaFingerprint, FINGERPRINT_OFFSET);
  return prefix;
}

/** True for a row that was written with exactly this schema, in this format. */
export function rowHasSchema(row: Buffer, schemaFingerprint: number, format = ROW_FORMAT): boolean {
  return (
    row.length >= ROW_HEADER_BYTES &&
    row[0] === format &&
    row.readUInt32BE(FINGERPRINT_OFFSET) === schemaFingerprint
  );
}

function biased(what: string, ms: number): number {
  if (!Number.isInteger(ms) || ms < -TIME_BIAS || ms >= TIME_BIAS)
    throw new Error(
      `The ${what} must be an integer number of milliseconds within 2^47 of the epoch, not ${ms}.`,
    );
  return ms + TIME_BIAS;
}
