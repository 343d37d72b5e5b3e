import { parseDurationMs } from '@larder/core';

/** Milliseconds, or NaN for what validation will name; constructors never throw, so that all problems show at once. */
export function durationMsOrNaN(text: string): number {
  try {
    return parseDurationMs(text);
  } catch {
    return Number.NaN;
  }
}
