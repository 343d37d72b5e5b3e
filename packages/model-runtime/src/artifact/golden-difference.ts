/** A score that the model returned elsewhere, but not here. */
export interface GoldenDifference {
  readonly index: number;
  readonly expected: number;
  readonly actual: number;
}

/** The worst value beyond the tolerance, which is absolute for values up to 1 and relative above; null when all agree. */
export function worstDifference(
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
): GoldenDifference | null {
  let worst: GoldenDifference | null = null;
  let worstExcess = 1;
  for (const [index, value] of expected.entries()) {
    const got = actual[index] ?? Number.NaN;
    const excess = Math.abs(got - value) / (tolerance * Math.max(1, Math.abs(value)));
    const beyond = Number.isNaN(excess) ? Infinity : excess;
    if (beyond <= worstExcess) continue;
    worst = { index, expected: value, actual: got };
    worstExcess = beyond;
  }
  return worst;
}
