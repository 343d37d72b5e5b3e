export const WIDTH = 64;

/** Counts words in hashed places, scaled to length 1. All zeros for a text without words. */
export function wordVector(text: string): Float32Array {
  const counts = new Float32Array(WIDTH);
  for (const word of wordsOf(text)) {
    const place = hash(word) % WIDTH;
    counts[place] = (counts[place] ?? 0) + 1;
  }
  const length = Math.hypot(...counts);
  return length === 0 ? counts : counts.map((count) => count / length);
}

export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

/** Cosine of the angle between two vectors of length 1: 1 for the same words, 0 for none in common. */
export function similarity(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, place) => sum + value * (b[place] ?? 0), 0);
}

/** FNV-1a. */
function hash(word: string): number {
  let value = 0x811c9dc5;
  for (const character of word) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return value;
}
