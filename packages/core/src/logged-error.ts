import { stdSerializers } from 'pino';

/** Properties without data of rows: keys and values are in what ioredis (`command`) and pg (`detail`, `where`) attach. */
const LOGGED = [
  'type',
  'message',
  'stack',
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
] as const;

/** What the log says of an error: with the messages of its causes, and without what an erased entity could be in. */
export function loggedError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const given: Record<string, unknown> =
    error instanceof Error ? stdSerializers.err(error) : (error as Record<string, unknown>);
  const logged: Record<string, unknown> = {};
  for (const name of LOGGED) if (given[name] !== undefined) logged[name] = given[name];
  if (error instanceof AggregateError) logged['aggregateErrors'] = error.errors.map(loggedError);
  return logged;
}
