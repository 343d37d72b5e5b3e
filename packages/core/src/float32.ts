/** 10^0 … 10^22: the powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * The double with the shortest decimal text among those that round to this float32: 0.031 for
 * 0.03099999949336052. `Math.fround` of the result is the input; NaN and infinities are returned unchanged.
 */
export function shortestFloat32(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const float = Math.fround(value);
  const exponent = Math.floor(Math.log10(Math.abs(float)));
  // Six significant digits survive decimal → float32 → decimal, nine always distinguish two float32 values.
  for (let digits = 6; digits < 9; digits++) {
    const decimals = digits - 1 - exponent;
    const candidate =
      decimals >= 0 && decimals <= 22
        ? Math.round(float * (POWERS[decimals] as number)) / (POWERS[decimals] as number)
        : Number(float.toPrecision(digits));
    if (Math.fround(candidate) === float) return candidate;
  }
  return Number(float.toPrecision(9));
}
