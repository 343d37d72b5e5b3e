import { LarderError } from '@larder/core';

export interface Deadline {
  readonly leftMs: number;
  /** Creates the error for the caller when the time is up. */
  readonly late: () => LarderError;
}

/**
 * Rejects when `work` takes longer; `work` itself continues and its result is dropped. Each request has its own timer:
 * Node keeps timers of one length in a list, so that setting and clearing one costs about 0.3 µs.
 */
export function withDeadline<T>(work: Promise<T>, { leftMs, late }: Deadline): Promise<T> {
  return new Promise((resolve, reject) => {
    // Reject after pending input is read: a thread that was busy for a while runs its timers before its sockets.
    const timer = setTimeout(() => setImmediate(() => reject(late())), Math.max(0, leftMs));
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

export function deadlineExceeded(waitedFor: string): LarderError {
  return new LarderError(
    'DEADLINE_EXCEEDED',
    `${waitedFor} did not answer before the deadline; retry, or raise options.deadline_ms.`,
    { retryAfterSeconds: 1 },
  );
}
