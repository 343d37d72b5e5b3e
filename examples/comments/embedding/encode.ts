/** The mean of the words' vectors, to length 1, in plain loops; zeros when no word is known. */
export function encode(vectors: Float32Array, dimensions: number, ids: readonly number[]): number[] {
  const sum = Array.from({ length: dimensions }, (_, i) =>
    ids.reduce((total, id) => total + (vectors[id * dimensions + i] as number), 0),
  );
  const size = Math.hypot(...sum);
  return size === 0 ? sum : sum.map((value) => value / size);
}
