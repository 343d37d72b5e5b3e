import { z } from 'zod';
import { portNumber } from '../input.ts';
import { startApp } from '../start/start-app.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option('--port <n>', 'port for predictions [LARDER_PORT or 6570, or the next free one]')
      .option(
        '--insecure',
        'listen beyond this machine although nobody needs an API key: LARDER_AUTH=insecure',
      )
      .addHelpText(
        'after',
        `
Runs in the foreground on the configured stores, or on those of the stack that runs here; it starts
no store and applies nothing (larder apply does). A port that you choose is used or refused, never
replaced by another; 0 is any free one. SIGTERM and Ctrl-C: requests in progress are answered, then it
ends with 0; a second one ends it at once. Its log, JSON lines, is on stdout; why it cannot start is
text on stderr. Start as many as you like, on any number of machines.

Example:
  larder serve --port 6570`,
      );
  },
  input: z.object({ port: portNumber.optional(), insecure: z.boolean().default(false) }),
  run: ({ config, out }, { port, insecure }) =>
    startApp(config, {
      name: 'inference',
      verb: 'serve',
      portVariable: 'LARDER_PORT',
      port: port ?? config.port,
      insecure,
      out,
    }),
});
