import { dirname } from 'node:path';
import { isLarderError, LarderError, shellWord } from '@larder/core';
import { refuseOpenDoor } from '@larder/core/config';
import { runningStack, stackFilePath } from '@larder/infra/stack-file';
import { startStack, type Stack, type StackOptions } from '@larder/infra/stack';
import { connectionVariable } from '@larder/sources';
import type { Config } from '../config.ts';
import type { Output } from '../output/output.ts';

export interface ProjectStackOptions extends Pick<
  StackOptions,
  'prepare' | 'apply' | 'refuseDestructive' | 'onApplied'
> {
  /** Port as typed, otherwise as configured. */
  readonly port: number | undefined;
  /** Nobody needs an API key, on whatever address. */
  readonly insecure?: boolean;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/**
 * Starts the stack of the configured project. Null when it was stopped while starting.
 * @throws STACK_NOT_STARTED, and the errors of applying the project
 */
export async function startProjectStack(
  config: Config,
  { port = config.port ?? undefined, insecure = false, out, signal, ...stack }: ProjectStackOptions,
): Promise<Stack | null> {
  const auth = insecure ? 'insecure' : config.auth;
  if (config.host !== null) refuseOpenDoor(auth, config.host);
  try {
    return await startStack({
      project: config.projectPath,
      artifacts: config.artifacts,
      ...(config.databaseUrl !== null && { databaseUrl: config.databaseUrl }),
      ...(config.redisUrl !== null && { redisUrl: config.redisUrl }),
      ...(config.queueRedisUrl !== null && { queueRedisUrl: config.queueRedisUrl }),
      ...(config.host !== null && { host: config.host }),
      ...(port !== undefined && { port }),
      ...stack,
      env: {
        ...Object.fromEntries(
          Object.entries(config.connections).map(([name, url]) => [connectionVariable(name), url]),
        ),
        ...(insecure && { LARDER_AUTH: auth }),
      },
      onProgress: (message) => out.note(message),
      onTrouble: (message) => out.note(out.style.yellow(message)),
      signal,
    });
  } catch (error) {
    if (signal.aborted) return null;
    if (isLarderError(error)) throw error;
    if (runningStack(dirname(config.projectPath)) !== null) throw alreadyRunning(config);
    throw new LarderError('STACK_NOT_STARTED', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

export function alreadyRunning({ stack, projectPath }: Config): LarderError {
  const running = stack ?? runningStack(dirname(projectPath));
  const where = running?.addresses ? ` at ${running.addresses.inferenceUrl}` : '';
  const pid = running?.pid ?? '';
  return new LarderError(
    'STACK_NOT_STARTED',
    `A stack of this project is already running${where} (pid ${pid}). Use it, or end it first: Ctrl-C where it runs, or kill ${pid}. ` +
      `If no such process is Larder's: rm ${shellWord(stackFilePath(dirname(projectPath)))}`,
  );
}
