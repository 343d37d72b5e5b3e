const INTERVAL_MS = 500;
const BYTES_PER_MB = 2 ** 20;

/** Calls once the process has more than the limit, with the reason. */
export function watchMemory(limitMb: number, exceeded: (reason: string) => void): void {
  const check = (): void => {
    if (process.memoryUsage.rss() <= limitMb * BYTES_PER_MB) return;
    exceeded(memoryExceeded(limitMb));
  };
  check();
  setInterval(check, INTERVAL_MS).unref();
}

export function memoryExceeded(limitMb: number): string {
  return `It needs more than the ${limitMb} MB of LARDER_TRAINING_SETS_MEMORY_MB.`;
}
