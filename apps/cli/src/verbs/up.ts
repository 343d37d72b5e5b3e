import { once } from 'node:events';
import { z } from 'zod';
import { envFileText } from '../env-file.ts';
import { portNumber } from '../input.ts';
import { changeLines } from '../output/print-plan.ts';
import { DONE } from '../problem.ts';
import { missingConnections, printStack, stackJson } from '../stack/print-stack.ts';
import { alreadyRunning, startProjectStack } from '../stack/start-project-stack.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option('--port <n>', 'port for predictions [LARDER_PORT or 6570, or the next free one]')
      .option('--apply', 'apply the project also to a configured database')
      .option('-y, --yes', 'also apply changes that stop something or take the project back')
      .option(
        '--insecure',
        'listen beyond this machine although nobody needs an API key: LARDER_AUTH=insecure',
      )
      .addHelpText(
        'after',
        `
Starts PostgreSQL and Redis unless their addresses are configured, starts inference and worker,
restarts any process that dies or hangs, and stops everything on Ctrl-C. It applies the project to
its own database, and to a configured one only with --apply; it starts nothing if apply would ask
for --yes, unless --yes is given. Data and logs are in .larder/stack beside larder.config.ts; while
it runs, the other verbs find it.

Example:
  larder up --port 7000`,
      );
  },
  input: z.object({
    port: portNumber.optional(),
    apply: z.boolean().optional(),
    yes: z.boolean().optional(),
    insecure: z.boolean().default(false),
  }),
  async run({ config, out, project, signal }, { port, apply = false, yes = false, insecure }) {
    if (config.stack !== null) throw alreadyRunning(config);
    if (config.envFile !== null) out.note(envFileText(config.envFile));
    const { manifest } = await project();
    const stack = await startProjectStack(config, {
      port,
      insecure,
      out,
      signal,
      apply: apply || config.databaseUrl === null,
      refuseDestructive: !yes,
      onApplied({ changes, text }) {
        for (const line of changeLines(changes, out)) out.note(line);
        out.note(text);
      },
    });
    if (stack === null) return DONE;
    out.answer({ ...stackJson(stack), changes: stack.applied.changes }, () =>
      printStack(stack, { manifest, config }, out),
    );
    for (const warning of missingConnections(manifest, config)) out.note(out.style.yellow(warning));
    if (!signal.aborted) await once(signal, 'abort');
    out.note('Stopping …');
    await stack.stop();
    out.note('Everything has stopped.');
    return DONE;
  },
});
