import { createLogger, startFailure } from '@larder/core';
import { readConfig } from './config.ts';
import { EXIT_DEADLINE_MS } from './exit-deadline.ts';
import { startInference } from './start-inference.ts';

const { inference, logger, drainMs } = await start().catch((error: unknown) => {
  const { text, exitCode } = startFailure(error);
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
});
logger.info({ url: inference.url }, 'Listening');
logger.flush();

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);

function stop(signal: NodeJS.Signals): void {
  // A second signal means: do not wait.
  if (stopping) process.exit(1);
  stopping = true;
  logger.info({ signal, drainMs }, 'The service is stopping');
  // Stores that hang must not keep the process alive.
  setTimeout(() => exit(1), drainMs + EXIT_DEADLINE_MS).unref();
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

async function start() {
  const config = readConfig();
  const log = createLogger('larder-inference', { level: config.logLevel });
  try {
    return { inference: await startInference(config, log), logger: log, drainMs: config.drainMs };
  } finally {
    // What it logged comes before what it prints.
    log.flush();
  }
}
