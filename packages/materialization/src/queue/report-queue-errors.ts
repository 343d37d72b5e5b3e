import type { Logger } from '@larder/core';
import { refusedCommand } from '@larder/online-store';

const SILENCE_MS = 60_000;

/** Creates a listener for BullMQ's 'error' events, which would otherwise end the process; repeats are logged once a minute. */
export function reportQueueErrors(logger: Logger, queue: string): (error: Error) => void {
  const toldAtMs = new Map<string, number>();
  return (error) => {
    const nowMs = performance.now();
    if (nowMs - (toldAtMs.get(error.message) ?? -Infinity) < SILENCE_MS) return;
    if (toldAtMs.size > 100) toldAtMs.clear();
    toldAtMs.set(error.message, nowMs);
    logger.warn({ err: refusedCommand(error) ?? error, queue }, 'The queue reported an error');
  };
}
