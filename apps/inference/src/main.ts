import { createLogger, isLarderError } from '@larder/core';
import { readConfig, type Config } from './config.ts';
import { startInference } from './start-inference.ts';

const config = readOrExit();
const logger = createLogger('larder-inference', { level: config.logLevel });

const inference = await startInference(config, logger).catch((error: unknown) => {
  logger.flush();
  process.stderr.write(`${isLarderError(error) ? `${error.code}: ${error.message}` : String(error)}\n`);
  process.exit(1);
});
logger.info({ url: inference.url }, 'Listening');
logger.flush();

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);

function stop(signal: NodeJS.Signals): void {
  // A second signal means: do not wait.
  if (stopping) process.exit(1);
  stopping = true;
  logger.info({ signal }, 'The service is stopping');
  inference.close().then(
    () => exit(0),
    (error: unknown) => {
      logger.error({ err: error }, 'The service did not stop cleanly');
      exit(1);
    },
  );
}

function exit(code: number): void {
  logger.flush();
  process.exit(code);
}

function readOrExit(): Config {
  try {
    return readConfig();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
