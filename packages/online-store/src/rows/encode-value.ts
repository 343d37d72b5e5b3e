import { LarderError } from '@larder/core';
import type { FieldManifest, FieldValue } from '@larder/features';
import { type Slot, setBit } from './row-layout.ts';

const INT64_LIMIT = 2n ** 63n;
const TWO_TO_32 = 2 ** 32;

/** Writes a value of fixed size into its slot. @throws FEATURE_VALUE_INVALID */
export function encodeValue(row: Buffer, slot: Slot, value: FieldValue): void {
  const { field, offset } = slot;
  switch (field.type) {
    case 'float32':
      row.writeFloatLE(float32Of(field, value), offset);
      break;
    case 'float64':
      if (typeof value !== 'number') throw invalid(field, value, 'a number');
      row.writeDoubleLE(value, offset);
      break;
    case 'int64':
      writeInt64(row, offset, field, value);
      break;
    case 'timestamp':
      if (!(value instanceof Date) || Number.isNaN(value.getTime()))
        throw invalid(field, value, 'a valid Date');
      writeSafeInteger(row, offset, value.getTime());
      break;
    case 'bool':
      if (typeof value !== 'boolean') throw invalid(field, value, 'a boolean');
      if (value) setBit(row, offset, slot.extent);
      break;
    case 'vector':
      if (!(value instanceof Float32Array) || value.length !== slot.extent)
        throw invalid(field, value, `a Float32Array of ${slot.extent}`);
      row.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), offset);
      break;
    case 'string':
    case 'json':
      throw new Error(`${field.type} has no fixed size.`);
  }
}

/** The text of a string or json value in the row; empty for null. @throws FEATURE_VALUE_INVALID */
export function textOf(field: FieldManifest, value: FieldValue): string {
  if (value === null) return '';
  if (field.type === 'string') {
    // UTF-8 cannot hold a lone surrogate: it would come back as another text
    if (typeof value !== 'string' || !value.isWellFormed()) throw invalid(field, value, 'well-formed text');
    return value;
  }
  const json: string | undefined = typeof value === 'bigint' ? undefined : JSON.stringify(value);
  if (json === undefined) throw invalid(field, value, 'a JSON value');
  return json;
}

function float32Of(field: FieldManifest, value: FieldValue): number {
  if (typeof value !== 'number') throw invalid(field, value, 'a number');
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
    throw invalid(field, value, 'a number within the range of float32');
  return value;
}

function writeInt64(row: Buffer, offset: number, field: FieldManifest, value: FieldValue): void {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return writeSafeInteger(row, offset, value);
  if (typeof value !== 'bigint' || value < -INT64_LIMIT || value >= INT64_LIMIT)
    throw invalid(field, value, 'a bigint of 64 bits or a safe integer');
  if (field.safe === true && !Number.isSafeInteger(Number(value)))
    throw invalid(field, value, 'an integer within ±(2^53 - 1), as the field is declared safe');
  row.writeBigInt64LE(value, offset);
}

/** As 64 bits, without a bigint. */
function writeSafeInteger(row: Buffer, offset: number, value: number): void {
  row.writeInt32LE(value | 0, offset);
  row.writeInt32LE(Math.floor(value / TWO_TO_32), offset + 4);
}

function invalid(field: FieldManifest, value: FieldValue, expected: string): LarderError {
  const got = value instanceof Float32Array ? `a Float32Array of ${value.length}` : `a ${typeof value}`;
  return new LarderError(
    'FEATURE_VALUE_INVALID',
    `${field.name} (${field.type}) must be ${expected}; it is ${got}.`,
  );
}
