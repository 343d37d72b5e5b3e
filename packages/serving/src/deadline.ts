import { LarderError } from '@larder/core';

/**
 * Rejects when `work` takes longer; `work` itself goes on and its outcome is dropped. A timer of its own per request:
 * Node keeps timers of one length in a list, so that setting and clearing one costs about 0.3 µs.
 * @throws DEADLINE_EXCEEDED
 */
export function withDeadline<T>(
  work: Promise<T>,
  deadline: { readonly leftMs: number; readonly waitingFor: string },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = () =>
      reject(
        new LarderError(
          'DEADLINE_EXCEEDED',
          `${deadline.waitingFor} did not answer before the deadline; try again, or raise options.deadline_ms.`,
          { retryAfterSeconds: 1 },
        ),
      );
    const timer = setTimeout(expire, Math.max(0, deadline.leftMs));
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
