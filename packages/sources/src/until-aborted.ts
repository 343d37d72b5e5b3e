/**
 * What is awaited, or the signal's reason as soon as it is aborted: nobody waits for a database or a disk that hangs.
 * What is awaited goes on by itself; its end is nobody's concern any more.
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
