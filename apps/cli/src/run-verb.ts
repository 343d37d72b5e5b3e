import { actingAs, LarderError } from '@larder/core';
import type { Command } from 'commander';
import { actor } from './actor.ts';
import { commandOf } from './command-of.ts';
import { readConfig, type Config, type Flags } from './config.ts';
import type { Output } from './output/output.ts';
import { createSession, type Session } from './session.ts';
import { VERBS } from './verbs.ts';

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
    refuseWithoutStores(name, session.config);
    const opened = session;
    return await actingAs({ actor: actor() }, () => run(opened));
  } finally {
    await session?.close();
  }
}

function flagsOf(command: Command): Flags {
  return command.opts<Flags>();
}

/** @throws CONFIGURATION_INVALID for a verb that needs the stores, where only a service is configured */
function refuseWithoutStores(name: string, { service, databaseUrl }: Config): void {
  const { remote = false, storeless = false } = VERBS[name] ?? {};
  if (service === null || databaseUrl !== null || remote || storeless) return;
  throw new LarderError(
    'CONFIGURATION_INVALID',
    `larder ${name} works on the stores itself and cannot ask a service, and only LARDER_URL is set: set LARDER_DATABASE_URL too, or --database-url. larder --help lists the verbs that can.`,
    { errors: [{ pointer: '/LARDER_DATABASE_URL', detail: 'is missing' }] },
  );
}
