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
  /**
   * An aborted query is cancelled in the database, too.
   * @throws SOURCE_UNAVAILABLE, SOURCE_QUERY_INVALID, SOURCE_TIMED_OUT; the signal's reason
   */
  query(text: string, parameters: readonly unknown[], signal?: AbortSignal): Promise<SqlResult>;
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
    set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601';
    select pg_backend_pid() as pid`;
  const backendPids = new WeakMap<pg.PoolClient, number>();

  async function prepare(client: pg.PoolClient): Promise<number> {
    const known = backendPids.get(client);
    if (known !== undefined) return known;
    client.on('error', () => {});
    // One result per statement, which the types do not know.
    const results = (await client.query(session)) as unknown as pg.QueryResult<{ pid: number }>[];
    const pid = results.at(-1)?.rows[0]?.pid;
    if (pid === undefined) throw new Error('The database gave no process id.');
    backendPids.set(client, pid);
    return pid;
  }

  return {
    name: options.name,
    async query(text, parameters, signal) {
      try {
        const client = await pool.connect();
        let broken = true;
        try {
          const pid = await prepare(client);
          signal?.throwIfAborted();
          const running = client.query<Record<string, unknown>>(text, [...parameters]);
          const result = await orAborted(running, signal, () => cancelStatement(options.url, pid));
          broken = false;
          return { columns: result.fields.map((field) => field.name), rows: result.rows };
        } finally {
          client.release(broken);
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw sourceError(options.name, error);
      }
    },
    close: () => pool.end(),
  };
}

/** Does not wait for the database: it may be what hangs. */
async function orAborted<Result>(
  running: Promise<Result>,
  signal: AbortSignal | undefined,
  onAbort: () => void,
): Promise<Result> {
  if (signal === undefined) return running;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    onAbort();
    aborted.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([running, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Over a connection of its own; if it cannot be had, the statement timeout ends what runs. */
function cancelStatement(url: string, pid: number): void {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
    application_name: 'larder-source',
  });
  client.on('error', () => {});
  void client
    .connect()
    .then(() => client.query('select pg_cancel_backend($1)', [pid]))
    .catch(() => {})
    .then(() => client.end())
    .catch(() => {});
}
