import type { Rate } from './gcra.ts';

const UNIT_SECONDS = { s: 1, m: 60, h: 3_600 } as const;
const RATE = /^([1-9]\d{0,7})\/(s|m|h)$/;

/** A rate as a person writes it: `1000/s`, `60/m`, `100/h`; null when it is not one. */
export function parseRate(text: string): Rate | null {
  const [, requests, unit] = RATE.exec(text) ?? [];
  if (requests === undefined) return null;
  return { requests: Number(requests), windowSeconds: UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS] };
}

export function rateText({ requests, windowSeconds }: Rate): string {
  const [unit] = Object.entries(UNIT_SECONDS).find(([, seconds]) => seconds === windowSeconds) ?? [];
  return `${requests}/${unit ?? `${windowSeconds}s`}`;
}
