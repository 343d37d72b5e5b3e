import { isLarderError, type Logger } from '@larder/core';
import { Kysely, PostgresDialect, type PostgresPoolClient, type Transaction } from 'kysely';
import pg from 'pg';
import type { Database } from './database.ts';
import { isDatabaseError } from './connection/database-errors.ts';
import { guardSilence } from './connection/silence-guard.ts';
import { translateErrors } from './connection/translate-errors.ts';

export interface OfflineStoreOptions {
  /** Connection URL of node-postgres; `?host=/folder` selects a Unix socket. */
  readonly databaseUrl: string;
  /** @default 10 */
  readonly maxConnections?: number;
  /** Timeout for opening a connection, and for waiting until one of the pool is free. @default 5000 */
  readonly connectTimeoutMs?: number;
  /** Timeout of one statement; landings and migrations set their own. @default 30000 */
  readonly statementTimeoutMs?: number;
  readonly logger: Logger;
}

/** One transaction on one connection, as Kysely and as the raw client that COPY needs. Neither may outlive the callback. */
export interface StoreTransaction {
  readonly db: Transaction<Database>;
  readonly client: pg.PoolClient;
  /** Notifies the listeners of the store once the transaction is committed. */
  tellChanges(): void;
}

/** Every method fails with DATABASE_UNAVAILABLE or DATABASE_NOT_MIGRATED if that is the reason. */
export interface OfflineStore {
  readonly db: Kysely<Database>;
  readonly pool: pg.Pool;
  /** Commits when `work` resolves, rolls back when it rejects (READ COMMITTED). */
  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /** Calls the listener after each transaction of this process that recorded changes. @returns a function that removes it */
  onChanges(listener: () => void): () => void;
  close(): Promise<void>;
}

/** A process that freezes inside a transaction loses its locks after this time; landings use their lease instead. */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** After this time without traffic the operating system probes the server, and fails the statement if it is gone. */
const KEEP_ALIVE_AFTER_MS = 10_000;

export function createOfflineStore(options: OfflineStoreOptions): OfflineStore {
  const { connectTimeoutMs = 5_000, statementTimeoutMs = 30_000 } = options;
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, parseInt8);
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    application_name: 'larder',
    types,
  });
  // A lost connection also fails the query that runs on it; without a listener it would end the process.
  pool.on('error', (error) => {
    // pg attaches the whole client, including the password, to the error.
    const { message, code } = error as Error & { code?: string };
    options.logger.warn({ err: { message, code } }, 'An idle PostgreSQL connection was lost');
  });
  pool.on('connect', (client) => client.on('error', () => {}));
  guardSilence(pool, statementTimeoutMs);
  translateErrors(pool);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const listeners = new Set<() => void>();
  return {
    db,
    pool,
    onChanges(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async transaction(work) {
      const client = await pool.connect();
      let broken = false;
      let changed = false;
      const tellChanges = (): void => void (changed = true);
      try {
        const result = await kyselyOver(client)
          .transaction()
          .execute((trx) => work({ db: trx, client, tellChanges }));
        if (changed) for (const listener of listeners) listener();
        return result;
      } catch (error) {
        // Our own refusal was rolled back. After any other error the session may still hold locks, or wait for COPY data.
        broken = !isLarderError(error) || isDatabaseError(error);
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

const kyselyByClient = new WeakMap<pg.PoolClient, Kysely<Database>>();

/** Creates a Kysely that runs every statement on this client; the caller releases the client. */
export function kyselyOver(client: pg.PoolClient): Kysely<Database> {
  const known = kyselyByClient.get(client);
  if (known) return known;
  const borrowed = { query: client.query.bind(client), release() {} } as PostgresPoolClient;
  const pool = { connect: async () => borrowed, end: async () => {}, options: {} };
  const created = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  kyselyByClient.set(client, created);
  return created;
}

/** bigint columns are returned as numbers; 64-bit hashes and int64 features are read as text or by binary COPY instead. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`bigint ${text} is beyond 2^53; select it as text.`);
  return value;
}
