import { Command } from 'commander';
import type { Output } from './output/output.ts';
import type { Verb } from './verb.ts';
import { VERBS, type LazyVerb } from './verbs.ts';

/** A verb's command with the options that every verb has. */
export async function commandOf(
  name: string,
  out: Output,
): Promise<{ readonly command: Command; readonly verb: Verb }> {
  const { summary, load, remote = false } = VERBS[name] as LazyVerb;
  const { verb } = await load();
  const command = quiet(new Command(name), out)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .configureHelp({ commandUsage: (shown) => `larder ${shown.name()} ${shown.usage()}` });
  verb.describe(command);
  command.option('--project <path>', 'path of larder.config.ts [LARDER_PROJECT or ./larder.config.ts]');
  if (verb.byName === true)
    command.option(
      '--project-name <name>',
      'name of an applied project; larder.config.ts is not loaded then',
    );
  if (remote) command.option('--url <url>', 'service to ask instead of the stores [LARDER_URL]');
  command
    .option('--database-url <url>', 'PostgreSQL [LARDER_DATABASE_URL or the stack that runs here]')
    .option('--redis-url <url>', 'Redis [LARDER_REDIS_URL or the stack that runs here]')
    .option('--json', 'print one JSON document on stdout, also for an error')
    .helpOption('-h, --help', 'show this help')
    .action(() => {});
  return { command, verb };
}

/** Makes Commander throw instead of exiting, and leave the printing of errors to us. */
export function quiet(command: Command, out: Output): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.line(text.trimEnd()),
      writeErr: () => {},
      getOutHelpWidth: () => out.columns,
    })
    .allowExcessArguments(false);
}
