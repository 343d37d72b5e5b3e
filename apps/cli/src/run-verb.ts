import { actingAs } from '@larder/core';
import type { Command } from 'commander';
import { actor } from './actor.ts';
import { commandOf } from './command-of.ts';
import { readConfig, type Flags } from './config.ts';
import type { Output } from './output/output.ts';
import { createSession, type Session } from './session.ts';

export interface RunVerbOptions {
  readonly argv: readonly string[];
  readonly out: Output;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Parses the rest of the command line and runs the verb. Imported only for a verb: help does not need it.
 * @returns the exit code
 */
export async function runVerb(name: string, options: RunVerbOptions): Promise<number> {
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
      await verb.describeLate(command, { session, operands, options: early.opts(), help });
    }
    await command.parseAsync(args, { from: 'user' });
    const run = verb.read(command);
    session ??= createSession({ config: readConfig(flagsOf(command), env), out, signal });
    const opened = session;
    return await actingAs({ actor: actor() }, () => run(opened));
  } finally {
    await session?.close();
  }
}

function flagsOf(command: Command): Flags {
  return command.opts<Flags>();
}
