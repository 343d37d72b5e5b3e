/** Problem of a setting that must be a whole number in decimal digits; null when it is valid. */
export function wholeNumberProblem(text: string, from: number, to = Number.MAX_SAFE_INTEGER): string | null {
  const number = Number(text);
  if (/^\s*\d+\s*$/.test(text) && number >= from && number <= to) return null;
  return `must be a whole number from ${from}${to === Number.MAX_SAFE_INTEGER ? '' : ` to ${to}`}`;
}
