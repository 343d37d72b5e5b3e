import pg from 'pg';
import { untilAborted } from '../until-aborted.ts';
import { cancelStatement } from './cancel-statement.ts';
import { columnParser } from './parse-column.ts';

export interface SqlSessionsOptions {
  readonly url: string;
  readonly maxConnections: number;
  readonly statementTimeoutMs: number;
}

/** A session that nobody else uses until it is released. */
export interface SqlSession {
  readonly client: pg.PoolClient;
  /** Returns the answer; fails with the signal's reason, or with an error when the database does not answer at all. */
  answer<Result>(pending: Promise<Result>): Promise<Result>;
  /** Returns the session to the pool, or closes it if it may still be busy. Only the first call counts. */
  release(state: 'idle' | 'broken'): void;
}

export interface SqlSessions {
  /**
   * When the signal is aborted, the session's statement is cancelled in the database and the session is closed, whatever
   * its holder does.
   */
  take(signal: AbortSignal): Promise<SqlSession>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Time for the answer to a stopped statement; after it the database counts as gone. */
const ANSWER_GRACE_MS = 3_000;

/** A pool of sessions, read-only and in UTC. */
export function createSqlSessions({
  url,
  maxConnections,
  statementTimeoutMs,
}: SqlSessionsOptions): SqlSessions {
  const answerWithinMs = statementTimeoutMs + ANSWER_GRACE_MS;
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'larder-source',
    types: { getTypeParser: columnParser },
  });
  // The current query fails with the same error; without listeners a lost connection would end the process.
  pool.on('error', () => {});
  const settings = `
    set statement_timeout = ${statementTimeoutMs};
    set default_transaction_read_only = on;
    set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601';
    select pg_backend_pid() as pid`;
  const backendPids = new WeakMap<pg.PoolClient, number>();

  async function connect(signal: AbortSignal): Promise<pg.PoolClient> {
    signal.throwIfAborted();
    const connecting = pool.connect();
    try {
      return await untilAborted(connecting, signal);
    } catch (error) {
      connecting.then(
        (late) => late.release(),
        () => {},
      );
      throw error;
    }
  }

  async function prepare({ client, answer }: SqlSession): Promise<void> {
    if (backendPids.has(client)) return;
    client.on('error', () => {});
    // One result per statement, which the types do not know.
    const results = (await answer(client.query(settings))) as unknown as pg.QueryResult<{ pid: number }>[];
    const pid = results.at(-1)?.rows[0]?.pid;
    if (pid === undefined) throw new Error('The database returned no process id.');
    backendPids.set(client, pid);
  }

  async function take(signal: AbortSignal): Promise<SqlSession> {
    const client = await connect(signal);
    let released = false;
    const session: SqlSession = {
      client,
      answer: (pending) => untilAborted(within(answerWithinMs, pending), signal),
      release(state) {
        if (released) return;
        released = true;
        signal.removeEventListener('abort', abandon);
        client.release(state === 'broken');
      },
    };
    function abandon(): void {
      const pid = backendPids.get(client);
      if (pid !== undefined) cancelStatement(url, pid);
      session.release('broken');
    }
    signal.addEventListener('abort', abandon);
    try {
      await prepare(session);
      return session;
    } catch (error) {
      session.release('broken');
      throw error;
    }
  }

  return { take, close: () => pool.end() };
}

async function within<Result>(timeoutMs: number, pending: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${timeoutMs} ms`)),
    timeoutMs,
  ).unref();
  try {
    return await Promise.race([pending, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
