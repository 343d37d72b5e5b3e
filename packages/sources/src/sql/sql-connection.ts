import pg from 'pg';
import { columnParser } from './parse-column.ts';
import { sourceError } from './source-error.ts';

export interface SqlConnectionOptions {
  /** As in the definitions; stands in errors instead of the address, which holds a password. */
  readonly name: string;
  readonly url: string;
  /** @default 4 */
  readonly maxConnections?: number;
  /** @default 300_000 */
  readonly statementTimeoutMs?: number;
}

export interface SqlResult {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** A named source database, shared by the views that read from it. Sessions are read-only and in UTC. */
export interface SqlConnection {
  readonly name: string;
  /** @throws SOURCE_UNAVAILABLE, SOURCE_QUERY_INVALID, SOURCE_TIMED_OUT */
  query(text: string, parameters: readonly unknown[]): Promise<SqlResult>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 300_000;
/** What a stopped statement's answer may take; after it the database counts as gone, and a chunk does not wait for ever. */
const ANSWER_GRACE_MS = 3_000;

export function createSqlConnection(options: SqlConnectionOptions): SqlConnection {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 4,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    application_name: 'larder-source',
    types: { getTypeParser: columnParser },
  });
  // The query under way fails with the same error; without listeners a lost connection would end the process.
  pool.on('error', () => {});
  const session = `
    set statement_timeout = ${statementTimeoutMs};
    set default_transaction_read_only = on;
    set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'`;
  const prepared = new WeakSet<pg.PoolClient>();
  return {
    name: options.name,
    async query(text, parameters) {
      try {
        const client = await pool.connect();
        let broken = true;
        try {
          if (!prepared.has(client)) {
            client.on('error', () => {});
            await client.query(session);
            prepared.add(client);
          }
          const result = await client.query<Record<string, unknown>>(text, [...parameters]);
          broken = false;
          return { columns: result.fields.map((field) => field.name), rows: result.rows };
        } finally {
          client.release(broken);
        }
      } catch (error) {
        throw sourceError(options.name, error);
      }
    },
    close: () => pool.end(),
  };
}
