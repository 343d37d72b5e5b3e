import type { Logger } from '@larder/core';
import type { RunningWorker } from './start-worker.ts';

/** Orchestrators kill after 30 s. */
const EXIT_DEADLINE_MS = 28_000;

/** Lets go of everything in order, then exits with this code; called twice it exits at once. */
export function stopper(worker: RunningWorker, logger: Logger): (code: number) => void {
  let stopping = false;
  return (code) => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    // Stores that are away must not keep a process alive; leases hand its chunks to others.
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
