import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4_096;
const RANDOM_BYTES = 9;
const MAX_COUNTER = 0xfff;

/** Bytes are drawn by the page: one call for a few of them costs more than the rest of an id. */
const pool = new Uint8Array(POOL_BYTES);
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

let used = POOL_BYTES;
let lastMs = 0;
let counter = 0;
let timeText = '';

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
  const at = used;
  used += RANDOM_BYTES;
  const variant = (byteAt(at) & 0x3f) | 0x80;
  return (
    `${timeText}-7${(counter >> 8).toString(16)}${HEX[counter & 0xff]}-${HEX[variant]}${hexAt(at + 1)}-` +
    hexAt(at + 2) +
    hexAt(at + 3) +
    hexAt(at + 4) +
    hexAt(at + 5) +
    hexAt(at + 6) +
    hexAt(at + 7)
  );
}

function startMillisecond(ms: number): void {
  lastMs = ms;
  // the upper half stays free to count in
  counter = ((byteAt(used + 8) << 3) | (byteAt(used + 7) & 7)) & 0x7ff;
  const text = ms.toString(16).padStart(12, '0');
  timeText = `${text.slice(0, 8)}-${text.slice(8)}`;
}

function byteAt(index: number): number {
  return pool[index] as number;
}

function hexAt(index: number): string {
  return HEX[byteAt(index)] as string;
}
