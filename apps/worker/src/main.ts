import { createLogger, startFailure } from '@larder/core';
import { readConfig } from './config.ts';
import { startWorker, type RunningWorker } from './start-worker.ts';
import { stopper } from './stopper.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

// A process that waits for PostgreSQL holds nothing that it must release.
const stopWaiting = (): void => process.exit(0);
for (const signal of SIGNALS) process.on(signal, stopWaiting);

try {
  const config = readConfig();
  const logger = createLogger('larder-worker', { level: config.logLevel });
  const worker: RunningWorker = await startWorker({ config, logger, onWedged: () => stop(1) });
  const stop = stopper(worker, logger);
  for (const signal of SIGNALS) {
    process.off(signal, stopWaiting);
    process.on(signal, () => {
      logger.info({ signal }, 'The worker is stopping');
      stop(0);
    });
  }
} catch (error) {
  const { text, exitCode } = startFailure(error);
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}
