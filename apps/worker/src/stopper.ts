import type { Logger } from '@larder/core';
import type { RunningWorker } from './start-worker.ts';

/** Shorter than the 30 s after which orchestrators kill. */
export const EXIT_DEADLINE_MS = 28_000;

/** Releases everything in order, then exits with this code; a second call exits at once. */
export function stopper(worker: RunningWorker, logger: Logger): (code: number) => void {
  let stopping = false;
  return (code) => {
    // A second call means: do not wait.
    if (stopping) process.exit(1);
    stopping = true;
    // Stores that are down must not keep a process alive; its leases expire and other workers take its chunks.
    setTimeout(() => process.exit(1), EXIT_DEADLINE_MS).unref();
    worker.stop().then(
      () => {
        logger.flush();
        process.exit(code);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'The worker did not stop cleanly');
        logger.flush();
        process.exit(1);
      },
    );
  };
}
