import { parseDurationMs } from '@larder/core';

/** Milliseconds, or NaN, which validation reports; constructors never throw, so that all problems are reported at once. */
export function durationMsOrNaN(text: string): number {
  try {
    return parseDurationMs(text);
  } catch {
    return Number.NaN;
  }
}
