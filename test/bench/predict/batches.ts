import { ADS } from './prepare.ts';

export const ROWS = 500;
export const ROUND_MS = 1_500;
/** Pause between two batches, so that work after the answer (the log) does not overlap the next one. */
export const PAUSE_MS = 40;

/** Four different batches of 500 different ads. */
export function batches(): string[][] {
  return Array.from({ length: 4 }, (_, batch) =>
    Array.from({ length: ROWS }, (__, row) => `ad-${(batch * ROWS + row * 7) % ADS}`),
  );
}
