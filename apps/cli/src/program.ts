import { LARDER_VERSION, LarderError } from '@larder/core';
import { Command, CommanderError } from 'commander';
import { commandOf, quiet } from './command-of.ts';
import { createOutput, type Output, type TerminalStream } from './output/output.ts';
import { readTerminal } from './output/terminal.config.ts';
import { AMBIGUOUS, VERBS } from './verbs.ts';

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
    if (Object.hasOwn(AMBIGUOUS, name)) throw new LarderError('REQUEST_INVALID', AMBIGUOUS[name] ?? '');
    if (!Object.hasOwn(VERBS, name)) return await overview(argv, out);
    const { runVerb } = await import('./run-verb.ts');
    return await runVerb(name, { ...options, out });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { reportError } = await import('./problem.ts');
    return reportError(error, out);
  }
}

/** Handles everything but a verb: `--help`, `--version`, `help VERB`, unknown words. */
async function overview(argv: readonly string[], out: Output): Promise<number> {
  const program = quiet(new Command('larder'), out)
    .description('Larder: features computed ahead and at request time, merged for one prediction.')
    .usage('<verb> [options]')
    .version(LARDER_VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [verb]', 'show the help of a verb')
    .addHelpText('after', afterHelp());
  for (const [name, { summary }] of Object.entries(VERBS)) program.command(name).summary(summary);
  if (argv[0] === 'help' && argv[1] !== undefined && Object.hasOwn(VERBS, argv[1])) {
    (await commandOf(argv[1], out)).command.outputHelp();
    return 0;
  }
  if (argv[0] === 'help' && argv[1] !== undefined && !argv[1].startsWith('-'))
    program.error(`unknown command '${argv[1]}'`);
  await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  return 0;
}

function afterHelp(): string {
  const remote = Object.entries(VERBS).flatMap(([name, verb]) => (verb.remote ? [name] : []));
  return `
With LARDER_URL and LARDER_API_KEY these ask a service instead of the stores:
  ${remote.join(', ')}

Every verb takes --json and --help. Start with: npx larderjs init`;
}
