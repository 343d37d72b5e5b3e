import { once } from 'node:events';
import { z } from 'zod';
import { portNumber } from '../input.ts';
import { DONE } from '../problem.ts';
import { missingConnections, printStack, stackJson } from '../stack/print-stack.ts';
import { alreadyRunning, startProjectStack } from '../stack/start-project-stack.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option('--port <n>', 'port for predictions [LARDER_PORT or 6570, or the next free one]')
      .addHelpText(
        'after',
        `
Starts PostgreSQL and Redis unless their addresses are configured, applies the project, starts
inference and worker, restarts any process that dies or hangs, and stops everything on Ctrl-C. Data
and logs are in .larder/stack beside larder.config.ts; while it runs, the other verbs find it.

Example:
  larder up --port 7000`,
      );
  },
  input: z.object({
    port: portNumber.optional(),
  }),
  async run({ config, out, project, signal }, { port }) {
    if (config.stack !== null) throw alreadyRunning(config);
    const { manifest } = await project();
    const stack = await startProjectStack(config, { port, out, signal });
    if (stack === null) return DONE;
    out.answer(stackJson(stack), () => printStack(stack, manifest, out));
    for (const warning of missingConnections(manifest, config)) out.note(out.style.yellow(warning));
    if (!signal.aborted) await once(signal, 'abort');
    out.note('Stopping …');
    await stack.stop();
    out.note('Everything has stopped.');
    return DONE;
  },
});
