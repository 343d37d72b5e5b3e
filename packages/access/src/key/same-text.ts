/* Runs for every request, so without the buffers that timingSafeEqual takes. */

/** Compares in a time that depends on the length alone. */
export function sameText(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let differs = 0;
  for (let at = 0; at < one.length; at++) differs |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return differs === 0;
}
