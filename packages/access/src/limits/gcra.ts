/* Runs for every request of a limited key: arithmetic on one number, no allocation. */

export interface Rate {
  readonly requests: number;
  readonly windowSeconds: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371) as a virtual schedule: at most `requests` in any window, without a
 * counter per window. A share of a rate, such as a third of it, lets every request wait three times as long.
 */
export class Gcra {
  /** When the bucket is empty again, in ms of the clock that callers use. */
  #emptyAtMs = 0;
  #intervalMs = 0;
  #windowMs = 0;

  constructor(rate: Rate, share = 1) {
    this.change(rate, share);
  }

  /** Another rate or share; what was used stays used. */
  change({ requests, windowSeconds }: Rate, share = 1): void {
    this.#intervalMs = (windowSeconds * 1_000) / (requests * share);
    // At least one request fits, however small the share.
    this.#windowMs = Math.max(windowSeconds * 1_000, this.#intervalMs);
  }

  /** True: the request may go on, and counts. */
  take(nowMs: number): boolean {
    const emptyAtMs = Math.max(this.#emptyAtMs, nowMs) + this.#intervalMs;
    if (emptyAtMs - nowMs > this.#windowMs + ROUNDING_MS) return false;
    this.#emptyAtMs = emptyAtMs;
    return true;
  }

  /** Requests that would be taken now. */
  remaining(nowMs: number): number {
    const usedMs = Math.max(0, this.#emptyAtMs - nowMs);
    return Math.max(0, Math.floor((this.#windowMs - usedMs + ROUNDING_MS) / this.#intervalMs));
  }

  /** Time until the next request is taken. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#emptyAtMs - nowMs + this.#intervalMs - this.#windowMs);
  }

  /** Time until nothing is used any more. */
  resetMs(nowMs: number): number {
    return Math.max(0, this.#emptyAtMs - nowMs);
  }
}

/** Sums of fractions: the last request of a window must not fail by a rounding error. */
const ROUNDING_MS = 1e-6;
