import { z } from 'zod';
import { portNumber } from '../input.ts';
import { startApp } from '../start/start-app.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option(
        '--port <n>',
        'port of /metrics, /health/live and /health/ready [LARDER_WORKER_METRICS_PORT or any free one]',
      )
      .option(
        '--insecure',
        'listen beyond this machine although nobody needs an API key: LARDER_AUTH=insecure',
      )
      .addHelpText(
        'after',
        `
Runs in the foreground on the configured stores, or on those of the stack that runs here; it starts
no store and applies nothing (larder apply does). SIGTERM and Ctrl-C: chunks in progress are finished,
for at most 20 s, then it ends with 0; a second one ends it at once. Killed, it loses no row: others
take over its chunks. Its log, JSON lines, is on stdout; why it cannot start is text on stderr. Start
as many as you like, on any number of machines.

Example:
  larder worker`,
      );
  },
  input: z.object({ port: portNumber.optional(), insecure: z.boolean().default(false) }),
  run: ({ config, out }, { port, insecure }) =>
    startApp(config, {
      name: 'worker',
      verb: 'worker',
      portVariable: 'LARDER_WORKER_METRICS_PORT',
      port: port ?? config.metricsPort ?? 0,
      insecure,
      out,
    }),
});
