/*
 * Hot path: JSON text of small plain values, written straight into a buffer. What needs an escape, is not ASCII or does not
 * fit is left to JSON.stringify.
 */
import { codeAt } from './code-at.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const DELETE = 0x7f;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const MAX_DEPTH = 4;
/** Integers below it are written digit by digit. */
const TEN_TO_9 = 1e9;
const TEN_TO_6 = 1e6;
const TEN_TO_12 = 1e12;
/** Below it, the text has an exponent. */
const MIN_DECIMAL = 1e-6;
const MAX_DECIMAL = 1_000;
/** A string has its own room, and all others share this one: quotes, a separator, the text of a number. */
const ROOM = 32;

/** Writes members as JSON text at `at`. Returns where it ends; -1: not plain, or the buffer ends first. */
export function writePlainJson(buffer: Uint8Array, at: number, members: object): number {
  return writeMembers(buffer, at, members, 1);
}

function writeMembers(buffer: Uint8Array, start: number, members: object, depth: number): number {
  if (depth > MAX_DEPTH || Object.getPrototypeOf(members) !== Object.prototype) return -1;
  let at = start;
  buffer[at++] = OPEN;
  for (const name in members) {
    if (at > start + 1) buffer[at++] = COMMA;
    at = writeText(buffer, at, name);
    if (at < 0) return -1;
    buffer[at++] = COLON;
    at = writeValue(buffer, at, (members as Readonly<Record<string, unknown>>)[name], depth);
    if (at < 0) return -1;
  }
  buffer[at] = CLOSE;
  return at + 1;
}

function writeValue(buffer: Uint8Array, at: number, value: unknown, depth: number): number {
  if (typeof value === 'string') return writeText(buffer, at, value);
  if (typeof value === 'number') return writeNumber(buffer, at, value);
  if (value === null) return writeAscii(buffer, at, 'null');
  if (typeof value === 'boolean') return writeAscii(buffer, at, value ? 'true' : 'false');
  return typeof value === 'object' ? writeMembers(buffer, at, value, depth + 1) : -1;
}

function writeText(buffer: Uint8Array, at: number, text: string): number {
  if (at + text.length + ROOM > buffer.length) return -1;
  buffer[at] = QUOTE;
  const start = at + 1;
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = codeAt(text, i);
    if (code < SPACE || code >= DELETE || code === QUOTE || code === BACKSLASH) return -1;
    buffer[start + i] = code;
  }
  buffer[start + length] = QUOTE;
  return start + length + 1;
}

/** As JSON.stringify writes it: what is not finite is null. */
export function writeNumber(buffer: Uint8Array, at: number, value: number): number {
  if (at + ROOM > buffer.length) return -1;
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value)
    return writeInteger(buffer, at, value);
  const end = value < 0 ? writeDecimal(buffer, at + 1, -value) : writeDecimal(buffer, at, value);
  if (end < 0) return writeAscii(buffer, at, Number.isFinite(value) ? String(value) : 'null');
  if (value < 0) buffer[at] = MINUS;
  return end;
}

/** Writes a number that has at most 12 decimals and 15 digits in all: such a text is the shortest one of its double. */
function writeDecimal(buffer: Uint8Array, start: number, value: number): number {
  if (!(value >= MIN_DECIMAL && value < MAX_DECIMAL)) return -1;
  const scaled = Math.round(value * TEN_TO_12);
  if (scaled / TEN_TO_12 !== value) return -1;
  const whole = Math.floor(scaled / TEN_TO_12);
  let at = writeDigits(buffer, start, whole, digitsOf(whole));
  const decimals = scaled - whole * TEN_TO_12;
  if (decimals === 0) return at;
  buffer[at++] = POINT;
  const high = Math.floor(decimals / TEN_TO_6);
  at = writeDigits(buffer, at, high, 6);
  at = writeDigits(buffer, at, decimals - high * TEN_TO_6, 6);
  while (buffer[at - 1] === ZERO) at -= 1;
  return at;
}

/** ASCII without escapes, for which there is room. */
function writeAscii(buffer: Uint8Array, at: number, text: string): number {
  if (at + ROOM > buffer.length) return -1;
  const { length } = text;
  for (let i = 0; i < length; i++) buffer[at + i] = codeAt(text, i);
  return at + length;
}

function writeInteger(buffer: Uint8Array, at: number, value: number): number {
  if (value < TEN_TO_9) return writeDigits(buffer, at, value, digitsOf(value));
  const high = Math.floor(value / TEN_TO_9);
  const middle = writeDigits(buffer, at, high, digitsOf(high));
  return writeDigits(buffer, middle, value - high * TEN_TO_9, 9);
}

function writeDigits(buffer: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const quotient = (rest / 10) | 0;
    buffer[i] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  return at + digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}
