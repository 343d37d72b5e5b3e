/*
 * HyperLogLog (Flajolet et al. 2007), p = 10: 1,024 registers, standard error 3.25 %.
 *
 * A value's hash is the first 8 bytes of the MD5 of its text in UTF-8, which Node, PostgreSQL and DuckDB all have, so SQL computes
 * the same estimate from the same events:
 *   register  top 10 bits                  ('x' || substr(md5(v), 1, 3))::bit(12)::int >> 2
 *   rank      leading zeros of the other 54 bits + 1, at most 55
 *                                          coalesce(nullif(position('1' in substr(('x' || substr(md5(v), 1, 16))::bit(64)::text, 11)), 0), 55)
 * A register holds its greatest rank, 0 without any. Over the registers, z of them 0:
 *   raw       alpha · 1024² / sum(2^-rank), alpha = 0.7213 / (1 + 1.079 / 1024)
 *   estimate  floor(0.5 + x), x = 1024 · ln(1024 / z) if raw <= 2560 and z > 0, else raw
 * The hash is so long that no correction for large numbers is needed.
 *
 * Encoded: a u16 little-endian for each register that is not 0, ascending: register · 64 + rank; from 512 of them on, all 1,024
 * ranks, one byte each. No bytes: no values.
 */
import { hash } from 'node:crypto';

const REGISTERS = 1_024;
const ENTRY_BYTES = 2;
const MAX_ENTRIES = 511;
/** Up to 63, though none is beyond 55. */
const RANK_BITS = 6;
const RANK_MASK = 63;
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);
/** 2^-rank. */
const SHARES = Float64Array.from({ length: RANK_MASK + 1 }, (_, rank) => 2 ** -rank);
const LINEAR_UP_TO = 2.5 * REGISTERS;

/** Estimates how many different values it was given; reused for many, it allocates only to encode. */
export class DistinctSketch {
  readonly #ranks = new Uint8Array(REGISTERS);
  /** Number of registers by their rank. */
  readonly #registersOf = new Int32Array(RANK_MASK + 1);

  constructor() {
    this.clear();
  }

  clear(): void {
    this.#ranks.fill(0);
    this.#registersOf.fill(0);
    this.#registersOf[0] = REGISTERS;
  }

  /** `text`: canonical, equal for equal values only. */
  add(text: string): void {
    this.addEntry(sketchEntry(text));
  }

  /** `entry`: from `sketchEntry`. */
  addEntry(entry: number): void {
    const register = entry >>> RANK_BITS;
    const rank = entry & RANK_MASK;
    const before = this.#ranks[register] as number;
    if (rank <= before) return;
    this.#ranks[register] = rank;
    this.#registersOf[before] = (this.#registersOf[before] as number) - 1;
    this.#registersOf[rank] = (this.#registersOf[rank] as number) + 1;
  }

  /**
   * Adds everything that an encoded sketch was given: `bytes` from `start` to `end`, as many as `isSketchLength` allows. Any bytes
   * are a sketch, as any are a float.
   */
  merge(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const ranks = this.#ranks;
    const registersOf = this.#registersOf;
    const isFull = end - start === REGISTERS;
    const step = isFull ? 1 : ENTRY_BYTES;
    for (let at = start, place = 0; at < end; at += step, place++) {
      const entry = isFull
        ? (place << RANK_BITS) | ((bytes[at] as number) & RANK_MASK)
        : (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
      const register = entry >>> RANK_BITS;
      const rank = entry & RANK_MASK;
      const before = ranks[register] as number;
      // without a branch, which no processor predicts here: a third of the time
      const more = rank - before;
      const greatest = before + (more & ~(more >> 31));
      ranks[register] = greatest;
      registersOf[before] = (registersOf[before] as number) - 1;
      registersOf[greatest] = (registersOf[greatest] as number) + 1;
    }
  }

  estimate(): number {
    const zeros = this.#registersOf[0] as number;
    let sum = 0;
    // from the smallest term on; counts times powers of two are exact
    for (let rank = RANK_MASK; rank >= 0; rank--)
      sum += (this.#registersOf[rank] as number) * (SHARES[rank] as number);
    const raw = (ALPHA * REGISTERS * REGISTERS) / sum;
    const estimate = raw <= LINEAR_UP_TO && zeros > 0 ? REGISTERS * Math.log(REGISTERS / zeros) : raw;
    return Math.floor(0.5 + estimate);
  }

  encode(): Buffer {
    const entries = REGISTERS - (this.#registersOf[0] as number);
    if (entries > MAX_ENTRIES) return Buffer.from(this.#ranks);
    const encoded = Buffer.allocUnsafe(ENTRY_BYTES * entries);
    let at = 0;
    for (let register = 0; register < REGISTERS; register++) {
      const rank = this.#ranks[register] as number;
      if (rank === 0) continue;
      at = encoded.writeUInt16LE((register << RANK_BITS) | rank, at);
    }
    return encoded;
  }
}

/** What a value is in a sketch: its register · 64 + its rank. `text`: canonical, equal for equal values only. */
export function sketchEntry(text: string): number {
  const bytes = hash('md5', text, 'buffer');
  const high = bytes.readUInt32BE(0);
  // the 22 bits below the register, then the other 32
  const upper = Math.clz32(high << 10);
  const rank = upper < 22 ? upper + 1 : 23 + Math.clz32(bytes.readUInt32BE(4));
  return ((high >>> 22) << RANK_BITS) | rank;
}

/**
 * Adds one value to an encoded sketch, much faster than decoding it when it is small: the same bytes when nothing changes, else
 * new ones.
 */
export function addToEncoded(bytes: Uint8Array, entry: number): Uint8Array {
  const register = entry >>> RANK_BITS;
  const rank = entry & RANK_MASK;
  if (bytes.length === REGISTERS) {
    if ((bytes[register] as number) >= rank) return bytes;
    return Uint8Array.from(bytes).fill(rank, register, register + 1);
  }
  let [low, high] = [0, bytes.length / ENTRY_BYTES];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entryAt(bytes, middle) >>> RANK_BITS < register) low = middle + 1;
    else high = middle;
  }
  const at = low * ENTRY_BYTES;
  const held = at < bytes.length ? entryAt(bytes, low) : 0;
  const isHeld = at < bytes.length && held >>> RANK_BITS === register;
  if (isHeld && held >= entry) return bytes;
  if (!isHeld && bytes.length === ENTRY_BYTES * MAX_ENTRIES) {
    const sketch = new DistinctSketch();
    sketch.merge(bytes);
    sketch.addEntry(entry);
    return sketch.encode();
  }
  const added = new Uint8Array(bytes.length + (isHeld ? 0 : ENTRY_BYTES));
  added.set(bytes.subarray(0, at));
  added[at] = entry & 0xff;
  added[at + 1] = entry >>> 8;
  added.set(bytes.subarray(isHeld ? at + ENTRY_BYTES : at), at + ENTRY_BYTES);
  return added;
}

function entryAt(bytes: Uint8Array, place: number): number {
  return (bytes[ENTRY_BYTES * place] as number) | ((bytes[ENTRY_BYTES * place + 1] as number) << 8);
}

/** True for a number of bytes that an encoded sketch may have. */
export function isSketchLength(bytes: number): boolean {
  return bytes === REGISTERS || (bytes % ENTRY_BYTES === 0 && bytes <= ENTRY_BYTES * MAX_ENTRIES);
}
