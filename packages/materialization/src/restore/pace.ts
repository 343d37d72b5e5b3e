import { setTimeout as delay } from 'node:timers/promises';

/** Delays rows so that no more than so many pass in a second, of all who call it. */
export function createPace(maxRowsPerSecond: number, signal: AbortSignal): (rows: number) => Promise<void> {
  let freeAtMs = performance.now();
  return async (rows) => {
    const nowMs = performance.now();
    const startMs = Math.max(freeAtMs, nowMs);
    freeAtMs = startMs + (rows / maxRowsPerSecond) * 1_000;
    if (startMs > nowMs) await delay(startMs - nowMs, undefined, { signal });
  };
}
