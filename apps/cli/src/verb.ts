import { LarderError } from '@larder/core';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { Session } from './session.ts';

export interface VerbDefinition<Input> {
  /** Arguments, options and examples. */
  describe(command: Command): void;
  /** Options that depend on the project, such as the inputs of a model; called before parsing. */
  describeLate?(command: Command, late: LateDescription): Promise<void>;
  /** Works on what is applied and needs only the project's name: takes `--project-name`. @default false */
  readonly byName?: boolean;
  /** Arguments by their names and options together. */
  readonly input: z.ZodType<Input>;
  /** @returns the exit code */
  run(session: Session, input: Input): Promise<number>;
}

export interface LateDescription {
  readonly session: Session;
  /** The arguments before the first option that is only described later. */
  readonly operands: readonly string[];
  /** The options that are known already, as typed. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Help was requested: it is shown even when the project cannot be loaded. */
  readonly help: boolean;
}

/** One verb: its arguments and what it does. */
export interface Verb extends Pick<VerbDefinition<unknown>, 'describe' | 'describeLate' | 'byName'> {
  /** Checks the input. @throws REQUEST_INVALID that names each wrong option */
  read(command: Command): (session: Session) => Promise<number>;
}

export function defineVerb<Input>(definition: VerbDefinition<Input>): Verb {
  return {
    ...definition,
    read(command) {
      const input = readInput(definition.input, command);
      return (session) => definition.run(session, input);
    },
  };
}

function readInput<Input>(schema: z.ZodType<Input>, command: Command): Input {
  const named = Object.fromEntries(
    command.registeredArguments.map((argument, i) => [argument.name(), command.processedArgs[i] as unknown]),
  );
  const parsed = schema.safeParse({ ...named, ...command.opts() });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0] ?? '');
    const option = command.options.find((candidate) => candidate.attributeName() === name);
    return { pointer: option?.long ?? (name === '' ? command.name() : name.toUpperCase()), detail: message };
  });
  throw wrongUsage(
    command.name(),
    errors.map(({ pointer, detail }) => ({ pointer, detail })),
  );
}

/** Invalid input; exit code 2. */
export function wrongUsage(
  verb: string,
  errors: readonly { readonly pointer: string; readonly detail: string }[],
): LarderError {
  const lines = errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
  return new LarderError('REQUEST_INVALID', `${lines.join('\n')}\nSee: larder ${verb} --help`, { errors });
}
