import { setTimeout as sleep } from 'node:timers/promises';

export interface Liveness {
  /** Resolves when the process answers anything. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** Time limit of an answer, and interval of the probes. @default 5,000 */
  readonly periodMs?: number;
  /** Probes in a row without an answer. @default 6 */
  readonly limit?: number;
}

/**
 * 6 × 5 s. A busy event loop or a machine that swaps is silent for seconds; orchestrators also allow 30 s by default. By
 * then the leases (15 s) of a worker's chunks have expired: ending it loses no work that others would not repeat anyway.
 */
const PERIOD_MS = 5_000;
const LIMIT = 6;

/**
 * Resolves with true after this many probes in a row without an answer; with false when aborted. It counts full probes,
 * not the time since the last answer: a machine that slept for an hour fails one probe at most.
 */
export async function untilSilent(
  { probe, periodMs = PERIOD_MS, limit = LIMIT }: Liveness,
  signal: AbortSignal,
): Promise<boolean> {
  for (let silent = 0; silent < limit;) {
    if (signal.aborted) return false;
    const [answered] = await Promise.all([
      answers(probe, AbortSignal.any([signal, AbortSignal.timeout(periodMs)])),
      sleep(periodMs, undefined, { signal }).catch(() => {}),
    ]);
    silent = answered ? 0 : silent + 1;
  }
  return !signal.aborted;
}

/** How long a process may be silent before it counts as hung. */
export function silenceMs({ periodMs = PERIOD_MS, limit = LIMIT }: Liveness): number {
  return periodMs * limit;
}

async function answers(probe: Liveness['probe'], signal: AbortSignal): Promise<boolean> {
  try {
    await probe(signal);
    return true;
  } catch {
    return false;
  }
}
