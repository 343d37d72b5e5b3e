import type { Socket } from 'node:net';
import type pg from 'pg';

/** Margin for a slow server, which ends its statement itself and keeps the connection; only a silent one exceeds it. */
const GRACE_MS = 1_000;

/**
 * Closes a connection that is in use and has transferred no byte for `statementTimeoutMs` plus one second. A hung
 * server or a lost network would hold it for a quarter of an hour: keepalive does not probe while sent bytes are
 * unacknowledged. pg's `query_timeout` does not help: it fails the query but leaves the connection, out of step with
 * the server, in the pool (node-postgres #3399). The closed socket fails whatever runs on it, COPY included.
 */
export function guardSilence(pool: pg.Pool, statementTimeoutMs: number): void {
  pool.on('connect', (client) => {
    const socket = socketOf(client);
    socket.on('timeout', () => socket.destroy(silenceError()));
  });
  pool.on('acquire', (client) => allowSilence(client, statementTimeoutMs));
  // Keepalive covers idle connections.
  pool.on('release', (_error, client) => socketOf(client).setTimeout(0));
}

/** Sets another limit for as long as this client is out of the pool. */
export function allowSilence(client: pg.PoolClient, statementTimeoutMs: number): void {
  socketOf(client).setTimeout(statementTimeoutMs + GRACE_MS);
}

/** Fails whatever runs on this client, at once; the server ends it when it next reads or writes. */
export function cutConnection(client: pg.PoolClient): void {
  socketOf(client).destroy(
    Object.assign(new Error('The connection was closed by its user.'), { code: 'ECONNRESET' }),
  );
}

function silenceError(): Error {
  return Object.assign(new Error('PostgreSQL was silent for too long; the connection was closed.'), {
    code: 'ETIMEDOUT',
  });
}

/** The TLS socket if there is one. pg-copy-streams relies on the same members. */
export function socketOf(client: pg.Client | pg.PoolClient): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
}
