import { LarderError } from '@larder/core';
import { Command, CommanderError } from 'commander';
import { readConfig, readTerminal, type Flags } from './config.ts';
import { createOutput, type Output, type TerminalStream } from './output/output.ts';
import { DONE, WRONG_USAGE, reportError } from './problem.ts';
import { createSession, type Session } from './session.ts';
import type { Verb } from './verb.ts';

interface LazyVerb {
  readonly summary: string;
  load(): Promise<{ readonly verb: Verb }>;
}

/** In the order of a first day. A verb's file is loaded when it is typed: `larder --help` loads none. */
export const VERBS: Readonly<Record<string, LazyVerb>> = {
  up: {
    summary: 'start the apps and whatever of PostgreSQL and Redis is not configured',
    load: () => import('./verbs/up.ts'),
  },
  plan: {
    summary: 'show what apply would change',
    load: () => import('./verbs/plan.ts'),
  },
  apply: {
    summary: 'make the definitions of larder.config.ts those of the project',
    load: () => import('./verbs/apply.ts'),
  },
  backfill: {
    summary: 'compute a view ahead and follow the run',
    load: () => import('./verbs/backfill.ts'),
  },
  runs: {
    summary: 'list runs, show one, pause, resume, cancel it or retry what failed',
    load: () => import('./verbs/runs.ts'),
  },
  inspect: {
    summary: 'show everything the online store holds for one entity',
    load: () => import('./verbs/inspect.ts'),
  },
  keys: {
    summary: 'list the entities that the online store holds',
    load: () => import('./verbs/keys.ts'),
  },
  predict: {
    summary: 'ask a model, with its inputs as options',
    load: () => import('./verbs/predict.ts'),
  },
  doctor: {
    summary: 'check configuration, versions, stores and artifacts, and say what to do',
    load: () => import('./verbs/doctor.ts'),
  },
};

export interface ProgramOptions {
  readonly argv: readonly string[];
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly signal: AbortSignal;
  /** @default the environment of the process */
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs one command line. @returns the exit code: 0 done, 1 failed, 2 wrong usage */
export async function runProgram(options: ProgramOptions): Promise<number> {
  const { argv, stdout, stderr, env } = options;
  const json = argv.includes('--json');
  const out = createOutput({ json, ...readTerminal([stdout, stderr], env), stdout, stderr });
  try {
    const [name = ''] = argv;
    if (!Object.hasOwn(VERBS, name)) return await overview(argv, out);
    return await runVerb(name, { ...options, out });
  } catch (error) {
    if (error instanceof CommanderError) return usageError(error, out);
    return reportError(error, out);
  }
}

/** Everything but a verb: `--help`, `--version`, `help VERB`, a word that is none. */
async function overview(argv: readonly string[], out: Output): Promise<number> {
  const program = quiet(new Command('larder'), out)
    .description('Larder: features computed ahead and at request time, merged for one prediction.')
    .usage('<verb> [options]')
    .version('0.1.0', '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [verb]', 'show the help of a verb')
    .addHelpText('after', '\nEvery verb takes --json and --help. Start with: larder up');
  for (const [name, { summary }] of Object.entries(VERBS)) program.command(name).summary(summary);
  if (argv[0] === 'help' && argv[1] !== undefined && Object.hasOwn(VERBS, argv[1])) {
    (await commandOf(argv[1], out)).command.outputHelp();
    return DONE;
  }
  await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  return DONE;
}

async function runVerb(name: string, options: ProgramOptions & { readonly out: Output }): Promise<number> {
  const { argv, signal, out, env } = options;
  const args = argv.slice(1);
  const { command, verb } = await commandOf(name, out);
  let session: Session | null = null;
  try {
    if (verb.describeLate !== undefined) {
      const early = (await commandOf(name, out)).command.helpOption(false).allowUnknownOption();
      const { operands, unknown } = early.parseOptions(args);
      session = createSession({ config: readConfig(flagsOf(early), env), out, signal });
      const help = unknown.some((arg) => arg === '-h' || arg === '--help');
      await verb.describeLate(command, { session, operands, help });
    }
    await command.parseAsync(args, { from: 'user' });
    const run = verb.read(command);
    session ??= createSession({ config: readConfig(flagsOf(command), env), out, signal });
    return await run(session);
  } catch (error) {
    if (error instanceof CommanderError) throw error;
    const { toDatabaseError } = await import('@larder/offline-store');
    throw toDatabaseError(error);
  } finally {
    await session?.close();
  }
}

/** A verb's command with the options that every verb has. */
export async function commandOf(
  name: string,
  out: Output,
): Promise<{ readonly command: Command; readonly verb: Verb }> {
  const { summary, load } = VERBS[name] as LazyVerb;
  const { verb } = await load();
  const command = quiet(new Command(name), out)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .configureHelp({ commandUsage: (shown) => `larder ${shown.name()} ${shown.usage()}` });
  verb.describe(command);
  command
    .option('--project <path>', 'path of larder.config.ts [LARDER_PROJECT or ./larder.config.ts]')
    .option('--database-url <url>', 'PostgreSQL [LARDER_DATABASE_URL or the stack that runs here]')
    .option('--redis-url <url>', 'Redis [LARDER_REDIS_URL or the stack that runs here]')
    .option('--json', 'one JSON document on stdout, also for an error')
    .helpOption('-h, --help', 'show this help')
    .action(() => {});
  return { command, verb };
}

function flagsOf(command: Command): Flags {
  return command.opts<Flags>();
}

/** Commander throws instead of exiting, and leaves the printing of errors to us. */
function quiet(command: Command, out: Output): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.line(text.trimEnd()),
      writeErr: () => {},
      getOutHelpWidth: () => out.columns,
    })
    .allowExcessArguments(false);
}

function usageError(error: CommanderError, out: Output): number {
  if (error.exitCode === 0) return DONE;
  const [what = '', hint = ''] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${what[0]?.toUpperCase()}${what.slice(1).replace(/\.$/, '')}.`;
  const help = 'See: larder --help, or larder VERB --help';
  reportError(
    new LarderError('REQUEST_INVALID', [sentence, ...(hint === '' ? [] : [hint]), help].join('\n')),
    out,
  );
  return WRONG_USAGE;
}
