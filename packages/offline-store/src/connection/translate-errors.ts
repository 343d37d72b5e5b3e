import type pg from 'pg';
import { toDatabaseError } from './database-errors.ts';

/**
 * Translates every error of the pool and its clients for the caller: Kysely, `pool.query` and raw clients all
 * pass through here. COPY streams report their errors themselves; `copyIn` and `copyOut` translate those.
 */
export function translateErrors(pool: pg.Pool): void {
  pool.connect = translated(pool.connect.bind(pool) as Call) as typeof pool.connect;
  // Before any caller has the new client.
  pool.on('connect', (client) => {
    client.query = translated(client.query.bind(client) as Call) as typeof client.query;
  });
}

type Call = (...args: unknown[]) => unknown;

/** node-postgres returns a promise, or calls a callback if one is passed; it throws when it cannot read the file of a CA. */
function translated(call: Call): Call {
  return (...args) => {
    const callback = args.at(-1);
    if (typeof callback === 'function') {
      const tell = (error: unknown, ...rest: unknown[]) =>
        (callback as Call)(error && toDatabaseError(error), ...rest);
      try {
        return call(...args.slice(0, -1), tell);
      } catch (error) {
        return tell(error);
      }
    }
    let answer: unknown;
    try {
      answer = call(...args);
    } catch (error) {
      return Promise.reject(toDatabaseError(error));
    }
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  };
}
