/** Shares the time of compute threads among the chunks that use them. */
export interface SlotMeter {
  /** Starts a chunk. @returns ends it, with the seconds of one thread that it took */
  start(): () => number;
}

/**
 * A worker holds more chunks than it has threads: while one reads and lands, another one computes. Each of `n` chunks on
 * `slots` threads is charged `slots / n` of the time that passes, and never more than one thread.
 */
export function createSlotMeter(slots: number, nowMs = () => performance.now()): SlotMeter {
  let chunks = 0;
  /** Time of one thread, in milliseconds, that a chunk would have taken that was held from the beginning. */
  let chargedMs = 0;
  let countedAtMs = nowMs();

  function count(change: 1 | -1): number {
    const now = nowMs();
    if (chunks > 0) chargedMs += (now - countedAtMs) * Math.min(1, slots / chunks);
    countedAtMs = now;
    chunks += change;
    return chargedMs;
  }

  return {
    start() {
      const from = count(1);
      return () => (count(-1) - from) / 1_000;
    },
  };
}
