import type { Logger } from '@larder/core';

const SILENCE_MS = 60_000;

/** A listener for BullMQ's 'error' events, without which they would end the process; a repeated one is told once a minute. */
export function reportQueueErrors(logger: Logger, queue: string): (error: Error) => void {
  const toldAtMs = new Map<string, number>();
  return (error) => {
    const nowMs = performance.now();
    if (nowMs - (toldAtMs.get(error.message) ?? -Infinity) < SILENCE_MS) return;
    if (toldAtMs.size > 100) toldAtMs.clear();
    toldAtMs.set(error.message, nowMs);
    logger.warn({ err: error, queue }, 'The queue reports an error');
  };
}
