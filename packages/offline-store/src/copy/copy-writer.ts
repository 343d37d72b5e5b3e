/*
 * Hot path: rows in PostgreSQL's binary COPY format (documentation of COPY, "Binary Format"), all big-endian.
 * Values are written straight into one growing buffer; nothing is allocated per value.
 * Reserve first, then read `#buffer` or `#view`: reserving may replace both.
 */
import { codeAt } from './code-at.ts';

export const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
export const COPY_TRAILER = Buffer.from([0xff, 0xff]);
const FLOAT4_OID = 700;
const TEXT_OID = 25;
const DASH = 0x2d;
const TWO_TO_32 = 2 ** 32;
/** Bytes per UTF-16 unit, at most. */
const MAX_UTF8_BYTES = 3;
/** Free bytes that `jsonbBy` begins with. */
const JSON_ROOM = 1_024;
const NO_PLACES: readonly number[] = [];
/** Values of the ASCII hex digits of either case, by code. */
const HEX_DIGITS = Uint8Array.from({ length: 128 }, (_, code) =>
  code <= 0x39 ? code & 0xf : (code & 0xf) + 9,
);

const FEW = new Float32Array(64);
const BITS_OF_FEW = new Uint32Array(FEW.buffer);

/** For a few values, a copy is cheaper than a view of them. */
function bitsOf(values: Float32Array): Uint32Array {
  if (values.length > FEW.length) return new Uint32Array(values.buffer, values.byteOffset, values.length);
  FEW.set(values);
  return BITS_OF_FEW;
}

export class CopyWriter {
  #buffer: Buffer;
  #view: DataView;
  #length: number;

  constructor(initialBytes = 65_536) {
    this.#buffer = Buffer.allocUnsafe(Math.max(initialBytes, COPY_HEADER.length));
    this.#view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length);
    this.#length = COPY_HEADER.copy(this.#buffer);
  }

  /** Bytes so far: a place for `repeat`. */
  get length(): number {
    return this.#length;
  }

  /** Writes the bytes from `start` to `end` again. */
  repeat(start: number, end: number): void {
    const at = this.#reserve(end - start);
    this.#buffer.copyWithin(at, start, end);
  }

  /** Discards what was written from `length` on: a row that could not be finished. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Every row starts with its number of columns. */
  row(columns: number): void {
    const at = this.#reserve(2);
    this.#view.setInt16(at, columns);
  }

  null(): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, -1);
  }

  bool(value: boolean): void {
    const at = this.#field(1);
    this.#buffer[at] = value ? 1 : 0;
  }

  int32(value: number): void {
    const at = this.#field(4);
    this.#view.setInt32(at, value);
  }

  int64(value: bigint): void {
    const at = this.#field(8);
    this.#view.setBigInt64(at, value);
  }

  /** Writes a safe integer as a bigint column, without creating a BigInt. */
  safeInt64(value: number): void {
    const at = this.#field(8);
    this.#view.setInt32(at, Math.floor(value / TWO_TO_32));
    this.#view.setUint32(at + 4, value >>> 0);
  }

  float32(value: number): void {
    const at = this.#field(4);
    this.#view.setFloat32(at, value);
  }

  float64(value: number): void {
    const at = this.#field(8);
    this.#view.setFloat64(at, value);
  }

  text(value: string): void {
    const at = this.#reserve(4);
    const bytes = this.#utf8(value);
    this.#view.setInt32(at, bytes);
  }

  /** `json` is JSON text; the leading byte is jsonb's format version. */
  jsonb(json: string): void {
    const at = this.#reserve(5);
    this.#buffer[at + 4] = 1;
    const bytes = this.#utf8(json);
    this.#view.setInt32(at, bytes + 1);
  }

  /**
   * Writes jsonb whose text `write` puts into the buffer. It is given where the text begins, and returns where it ends;
   * -1: it could not, for lack of room or another reason, and nothing is written.
   */
  jsonbBy<T>(value: T, write: (buffer: Buffer, at: number, value: T) => number): boolean {
    const start = this.#reserve(JSON_ROOM);
    const end = write(this.#buffer, start + 5, value);
    this.#length = end < 0 ? start : end;
    if (end < 0) return false;
    this.#buffer[start + 4] = 1;
    this.#view.setInt32(start, end - start - 4);
    return true;
  }

  uuid(value: string): void {
    const at = this.#field(16);
    const buffer = this.#buffer;
    for (let i = 0, byte = at; byte < at + 16; i += 2, byte++) {
      if (codeAt(value, i) === DASH) i += 1;
      buffer[byte] =
        ((HEX_DIGITS[codeAt(value, i)] as number) << 4) | (HEX_DIGITS[codeAt(value, i + 1)] as number);
    }
  }

  textArray(values: readonly string[]): void {
    const begun = this.#array(TEXT_OID, values.length, 0);
    for (let i = 0; i < values.length; i++) this.text(values[i] as string);
    this.#view.setInt32(begun, this.#length - begun - 4);
  }

  /** Writes real[]; bits are copied as integers, so that NaN keeps its payload. `nulls`: places without a value, ascending. */
  float32Array(values: Float32Array, nulls: readonly number[] = NO_PLACES): void {
    const bits = bitsOf(values);
    const bodyBytes = values.length * 8 - nulls.length * 4;
    const begun = this.#array(FLOAT4_OID, values.length, bodyBytes);
    let at = this.#length - bodyBytes;
    if (nulls.length > 0) this.#view.setInt32(begun + 8, 1);
    let nextNull = 0;
    for (let place = 0; place < values.length; place++) {
      if (nulls[nextNull] === place) {
        nextNull += 1;
        this.#view.setInt32(at, -1);
        at += 4;
      } else {
        this.#view.setInt32(at, 4);
        this.#view.setUint32(at + 4, bits[place] as number);
        at += 8;
      }
    }
  }

  /** The rows so far, without header and trailer; valid until more is written. */
  rows(): Buffer {
    return this.#buffer.subarray(COPY_HEADER.length, this.#length);
  }

  /** Returns the whole stream with its trailer; the writer must not be used afterwards. */
  finish(): Buffer {
    const at = this.#reserve(COPY_TRAILER.length);
    COPY_TRAILER.copy(this.#buffer, at);
    return this.#buffer.subarray(0, this.#length);
  }

  /** Begins a one-dimensional array without nulls; an empty array has no dimension. @returns where its length in bytes is */
  #array(elementOid: number, length: number, bodyBytes: number): number {
    const at = this.#field((length === 0 ? 12 : 20) + bodyBytes);
    this.#view.setInt32(at, length === 0 ? 0 : 1);
    this.#view.setInt32(at + 4, 0);
    this.#view.setInt32(at + 8, elementOid);
    if (length > 0) {
      this.#view.setInt32(at + 12, length);
      this.#view.setInt32(at + 16, 1);
    }
    return at - 4;
  }

  /** Reserves space for the worst case, then keeps what was used: cheaper than measuring first. */
  #utf8(value: string): number {
    const at = this.#reserve(value.length * MAX_UTF8_BYTES);
    const bytes = this.#buffer.write(value, at);
    this.#length = at + bytes;
    return bytes;
  }

  #field(bytes: number): number {
    const at = this.#reserve(4 + bytes);
    this.#view.setInt32(at, bytes);
    return at + 4;
  }

  #reserve(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) this.#grow();
    return at;
  }

  #grow(): void {
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length));
    this.#buffer.copy(grown);
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }
}
