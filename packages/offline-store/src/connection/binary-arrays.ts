/*
 * One-dimensional arrays in PostgreSQL's binary format (array_send in arrayfuncs.c), for statements of thousands of values: node-postgres
 * sends a Buffer as it is, while it writes and escapes an array of JavaScript value by value as text, which PostgreSQL parses
 * again. The statement casts the parameter to the type: `${int8Array(values)}::bigint[]`.
 */

/** Dimensions, whether there are nulls, the element's type, then length and lower bound of the dimension. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
const OID = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, float8: 701 } as const;

type FixedWrite = (buffer: Buffer, value: number, at: number) => void;

const writeInt2: FixedWrite = (buffer, value, at) => void buffer.writeInt16BE(value, at);
const writeInt4: FixedWrite = (buffer, value, at) => void buffer.writeInt32BE(value, at);
const writeFloat8: FixedWrite = (buffer, value, at) => void buffer.writeDoubleBE(value, at);
const writeInt8: FixedWrite = (buffer, value, at) => {
  buffer.writeInt32BE(Math.floor(value / 2 ** 32), at);
  buffer.writeInt32BE(value | 0, at + 4);
};

export function int2Array(values: readonly number[]): Buffer {
  return fixed(values, { oid: OID.int2, bytes: 2, write: writeInt2 });
}

export function int4Array(values: readonly number[]): Buffer {
  return fixed(values, { oid: OID.int4, bytes: 4, write: writeInt4 });
}

/** Safe integers. */
export function int8Array(values: readonly number[]): Buffer {
  return fixed(values, { oid: OID.int8, bytes: 8, write: writeInt8 });
}

export function float8Array(values: readonly (number | null)[]): Buffer {
  return fixed(values, { oid: OID.float8, bytes: 8, write: writeFloat8 });
}

export function textArray(values: readonly (string | null)[]): Buffer {
  let bytes = HEADER_BYTES + LENGTH_BYTES * values.length;
  for (const value of values) if (value !== null) bytes += Buffer.byteLength(value);
  const array = header(Buffer.allocUnsafe(bytes), OID.text, values);
  let at = HEADER_BYTES;
  for (const value of values) {
    if (value === null) {
      at = array.writeInt32BE(NULL_LENGTH, at);
      continue;
    }
    const length = array.write(value, at + LENGTH_BYTES);
    array.writeInt32BE(length, at);
    at += LENGTH_BYTES + length;
  }
  return array;
}

export function byteaArray(values: readonly Uint8Array[]): Buffer {
  let bytes = HEADER_BYTES + LENGTH_BYTES * values.length;
  for (const value of values) bytes += value.length;
  const array = header(Buffer.allocUnsafe(bytes), OID.bytea, values);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = array.writeInt32BE(value.length, at);
    array.set(value, at);
    at += value.length;
  }
  return array;
}

interface FixedType {
  readonly oid: number;
  readonly bytes: number;
  readonly write: FixedWrite;
}

function fixed(values: readonly (number | null)[], { oid, bytes, write }: FixedType): Buffer {
  let present = 0;
  for (const value of values) if (value !== null) present++;
  const length = HEADER_BYTES + LENGTH_BYTES * values.length + bytes * present;
  const array = header(Buffer.allocUnsafe(length), oid, values);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = array.writeInt32BE(value === null ? NULL_LENGTH : bytes, at);
    if (value === null) continue;
    write(array, value, at);
    at += bytes;
  }
  return array;
}

function header(array: Buffer, oid: number, values: readonly unknown[]): Buffer {
  array.writeInt32BE(1, 0);
  array.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(oid, 8);
  array.writeInt32BE(values.length, 12);
  array.writeInt32BE(1, 16);
  return array;
}
