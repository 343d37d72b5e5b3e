import { LarderError } from '@larder/core';
import { refusedCommand } from './refused-command.ts';

/** Replies of a server that is up but cannot serve now: it is starting, failing over or blocked by a script. */
const PASSING = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|READONLY|UNBLOCKED|NOREPLICAS)\b/;

/** What a failed command means to the caller: Redis is away, full or refuses it, or a bug, which is passed on as it is. */
export function toOnlineStoreError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.message.startsWith('OOM '))
    return new LarderError(
      'ONLINE_STORE_FULL',
      'Redis has reached its maxmemory and refuses writes; give it more memory or shorten TTLs.',
      { cause: error, retryAfterSeconds: 30 },
    );
  if (error.name === 'ReplyError' && !PASSING.test(error.message)) return refusedCommand(error) ?? error;
  return unavailable('The online store (Redis) does not answer.', error);
}

export function unavailable(message: string, cause: unknown): LarderError {
  return new LarderError('ONLINE_STORE_UNAVAILABLE', message, { cause, retryAfterSeconds: 1 });
}

/** Runs a command and turns its failure into an error with a code. @throws ONLINE_STORE_UNAVAILABLE, ONLINE_STORE_FULL, REDIS_COMMAND_REFUSED */
export async function askRedis<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    throw toOnlineStoreError(error);
  }
}
