import { createLogger, isLarderError, type Logger } from '@larder/core';
import { readConfig } from './config.ts';
import { startWorker, type RunningWorker } from './start-worker.ts';

/** Orchestrators kill after 30 s. */
const EXIT_DEADLINE_MS = 28_000;

try {
  const config = readConfig();
  const logger = createLogger('larder-worker', { level: config.logLevel });
  const worker = await startWorker({ config, logger });
  stopOnSignal(worker, logger);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${isLarderError(error) ? `${error.code}: ` : ''}${message}\n`);
  process.exit(1);
}

function stopOnSignal(worker: RunningWorker, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'The worker stops');
    // Stores that are away must not keep a process alive; leases hand its chunks to others.
    setTimeout(() => process.exit(1), EXIT_DEADLINE_MS).unref();
    worker.stop().then(
      () => {
        logger.flush();
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'The worker did not stop cleanly');
        logger.flush();
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
