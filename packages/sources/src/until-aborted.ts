/**
 * Settles like the promise, or rejects with the signal's reason as soon as it is aborted, so that nobody waits for a
 * database or a disk that hangs. The promise itself continues, and its outcome is ignored.
 */
export async function untilAborted<Result>(pending: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([pending, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
