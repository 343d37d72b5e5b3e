import { LarderError, tlsProblem } from '@larder/core';
import pg from 'pg';
import { connectionVariable } from '../connection-variable.ts';

const QUERY_CANCELED = '57014';
/** Connection lost, insufficient resources, operator intervention, system errors, authorization, no such database. */
const UNAVAILABLE = /^(08|53|57|58|28|3D)/;

/** An error or timeout of the source's database, with the name of the connection and the fix. */
export function sqlError(connection: string, error: unknown): LarderError {
  if (error instanceof LarderError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const setting = connectionVariable(connection);
  if (error instanceof pg.DatabaseError && error.code === QUERY_CANCELED) {
    return new LarderError(
      'SOURCE_TIMED_OUT',
      `The query on connection '${connection}' was stopped: ${message}. Make it faster (an index on join keys and event timestamp), or make the view's chunks smaller.`,
      { cause: error },
    );
  }
  if (error instanceof pg.DatabaseError && !UNAVAILABLE.test(error.code ?? '')) {
    return new LarderError(
      'SOURCE_QUERY_INVALID',
      `The database of connection '${connection}' refuses the view's query: ${message}. Fix the query of the source in larder.config.ts.`,
      { cause: error },
    );
  }
  const tls = tlsProblem(error);
  if (tls !== null)
    return new LarderError(
      'SOURCE_UNAVAILABLE',
      `The database of connection '${connection}' (${setting}) cannot be used: ${tls}.`,
      { cause: error, retryAfterSeconds: 5 },
    );
  return new LarderError(
    'SOURCE_UNAVAILABLE',
    `The database of connection '${connection}' cannot be used: ${message}. Check that it runs and what ${setting} says.`,
    { cause: error, retryAfterSeconds: 5 },
  );
}
