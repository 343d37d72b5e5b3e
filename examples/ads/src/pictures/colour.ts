/** `#rrggbb`. */
export type Colour = string;

function channels(colour: Colour): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A colour between two: `share` 0 is the first, 1 the second. */
export function mix(first: Colour, second: Colour, share: number): Colour {
  const [from, to] = [channels(first), channels(second)];
  const hex = from.map((value, index) => Math.round(value + ((to[index] ?? 0) - value) * share));
  return `#${hex.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

export function darker(colour: Colour, share: number): Colour {
  return mix(colour, '#0b0d12', share);
}

export function lighter(colour: Colour, share: number): Colour {
  return mix(colour, '#ffffff', share);
}

/** The same colour with an opacity between 0 and 1, as CSS. */
export function alpha(colour: Colour, opacity: number): string {
  return `rgba(${channels(colour).join(',')},${opacity})`;
}

/** Relative luminance (WCAG 2.2), 0 black to 1 white. */
export function luminance(colour: Colour): number {
  const [red, green, blue] = channels(colour).map((value) => {
    const share = value / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio (WCAG 2.2), 1 to 21. */
export function contrast(first: Colour, second: Colour): number {
  const [low, high] = [luminance(first), luminance(second)].toSorted((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The candidate that reads best on the background. */
export function mostReadable(background: Colour, candidates: readonly Colour[]): Colour {
  return candidates.reduce((best, candidate) =>
    contrast(background, candidate) > contrast(background, best) ? candidate : best,
  );
}

/** Warm (1: red to yellow) or cold (-1: blue), 0 for greys. */
export function warmth(colour: Colour): number {
  const [red, , blue] = channels(colour);
  return (red - blue) / 255;
}
