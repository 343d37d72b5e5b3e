import { setTimeout as delay } from 'node:timers/promises';
import type { Run } from '@larder/contracts';
import { isLarderError } from '@larder/core';
import type { RunsControl } from '../control.ts';
import { readEvents } from './read-events.ts';
import type { ServiceClient } from './service-client.ts';

export interface WatchOptions {
  readonly id: string;
  readonly get: RunsControl['get'];
  readonly signal: AbortSignal;
  /** @default 40,000 */
  readonly silenceMs?: number;
}

/** A service sends a comment every 15 s: silence for longer means that nothing arrives any more. */
const SILENCE_MS = 40_000;
/** A service that restarts is back within seconds. */
const MAX_FAILURES = 8;
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000];
const POLL_MS = 1_000;

/**
 * Follows the events of a run, on another connection when one ends early. Where a service has no stream left, or something
 * on the way holds events back, it asks for the run instead.
 */
export async function* watchRun(
  client: ServiceClient,
  { id, get, signal, silenceMs = SILENCE_MS }: WatchOptions,
): AsyncGenerator<Run> {
  let failures = 0;
  while (!signal.aborted) {
    let pauseMs = POLL_MS;
    try {
      const path = `/v1/runs/${encodeURIComponent(id)}/events`;
      const silence = new AbortController();
      // Something on the way may accept the connection and never answer.
      const unanswered = setTimeout(() => silence.abort(), silenceMs);
      const response = await client
        .open(path, { signal: AbortSignal.any([signal, silence.signal]) })
        .finally(() => clearTimeout(unanswered));
      for await (const { event, data } of readEvents(response, { silenceMs, silence })) {
        failures = 0;
        // The events leave out what does not change.
        if (event === 'end') return yield await get(id);
        yield JSON.parse(data) as Run;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isBrief(error)) throw error;
      failures += 1;
      if (failures >= MAX_FAILURES) throw error;
      pauseMs = PAUSES_MS[failures - 1] ?? POLL_MS * 4;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const run = await get(id).catch((error: unknown) => {
      if (isBrief(error)) return null;
      throw error;
    });
    if (run !== null) yield run;
    if (run !== null && run.finished_at !== null) return;
  }
}

/** A connection that was cut, or an answer that says to try again. */
function isBrief(error: unknown): boolean {
  return !isLarderError(error) || error.retryable;
}
