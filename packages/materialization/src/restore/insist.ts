import { setTimeout as delay } from 'node:timers/promises';
import { isLarderError } from '@larder/core';

export interface InsistOptions {
  readonly signal: AbortSignal;
  /** Called when a store stops answering, again every half a minute, and when it is back. */
  readonly onWaiting: (text: string) => void;
  /** @default 1000 */
  readonly intervalMs?: number;
}

const REPEAT_MS = 30_000;
const STORES: ReadonlyMap<string, string> = new Map([
  ['ONLINE_STORE_UNAVAILABLE', 'Redis'],
  ['DATABASE_UNAVAILABLE', 'PostgreSQL'],
]);

/** Steps that are safe to repeat, repeated while a store is away, however long that takes. Only the signal ends it. */
export function createInsist({
  signal,
  onWaiting,
  intervalMs = 1_000,
}: InsistOptions): <T>(step: () => Promise<T>) => Promise<T> {
  let away: string | null = null;
  let saidAtMs = 0;
  return async (step) => {
    for (;;) {
      signal.throwIfAborted();
      try {
        const result = await step();
        if (away !== null) onWaiting(`${away} answers again; continuing.`);
        away = null;
        return result;
      } catch (error) {
        const store =
          isLarderError(error) && error.retryAfterSeconds !== undefined ? STORES.get(error.code) : undefined;
        if (store === undefined || signal.aborted) throw error;
        if (away !== store || Date.now() - saidAtMs >= REPEAT_MS) {
          saidAtMs = Date.now();
          onWaiting(`${store} does not answer; waiting for it. What was restored stays, and Ctrl-C stops.`);
        }
        away = store;
        await delay(intervalMs, undefined, { signal });
      }
    }
  };
}
