import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4_096;
const RANDOM_BYTES = 10;
const MAX_COUNTER = 0xfff;

/** Random bytes are drawn a page at a time: one call for a few bytes costs more than the rest of an id. */
const pool = new Uint8Array(POOL_BYTES);
/** The id being built, as ASCII: it becomes one flat string, where concatenation would keep the pieces. */
const text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1');
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

let used = POOL_BYTES;
let lastMs = 0;
let counter = 0;

/**
 * A new UUIDv7 (RFC 9562): ordered by time of creation, within a millisecond of one process by a counter in rand_a
 * that starts at random (section 6.2, method 1); 62 random bits make it unique without coordination.
 */
export function newId(): string {
  if (used + RANDOM_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const nowMs = Date.now();
  // a clock that was set back does not break the order
  if (nowMs > lastMs) startMillisecond(nowMs);
  else if (counter === MAX_COUNTER) startMillisecond(lastMs + 1);
  else counter += 1;
  putDigit(15, counter >> 8);
  putByte(16, counter & 0xff);
  putByte(19, (randomByte() & 0x3f) | 0x80);
  putByte(21, randomByte());
  for (let at = 24; at < 36; at += 2) putByte(at, randomByte());
  return text.toString('latin1');
}

function startMillisecond(ms: number): void {
  lastMs = ms;
  // The upper half stays free for counting.
  counter = ((randomByte() << 8) | randomByte()) & 0x7ff;
  let rest = ms;
  for (const at of [11, 9, 6, 4, 2, 0]) {
    putByte(at, rest % 256);
    rest = Math.floor(rest / 256);
  }
}

function randomByte(): number {
  return pool[used++] as number;
}

function putByte(at: number, byte: number): void {
  putDigit(at, byte >> 4);
  putDigit(at + 1, byte & 0xf);
}

function putDigit(at: number, value: number): void {
  text[at] = DIGITS[value] as number;
}
