import type { SourceRow } from '@larder/features';
import Cursor from 'pg-cursor';
import { sqlError } from './sql-error.ts';
import { createSqlSessions } from './sql-sessions.ts';

export interface SqlConnectionOptions {
  /** Name in the definitions; errors show it instead of the address, which holds a password. */
  readonly name: string;
  readonly url: string;
  /** @default 4 */
  readonly maxConnections?: number;
  /** @default 300_000 */
  readonly statementTimeoutMs?: number;
}

export interface SqlResult {
  readonly columns: readonly string[];
  /** OIDs of their types, in the same order. */
  readonly types: readonly number[];
  readonly rows: readonly SourceRow[];
}

export interface PagesOptions {
  readonly pageRows: number;
  readonly signal: AbortSignal;
}

/**
 * A named source database, shared by the views that read from it. Aborting a signal also cancels the statement in the
 * database. Methods @throws SOURCE_UNAVAILABLE, SOURCE_QUERY_INVALID, SOURCE_TIMED_OUT; the signal's reason.
 */
export interface SqlConnection {
  readonly name: string;
  query(text: string, parameters: readonly unknown[], signal?: AbortSignal): Promise<SqlResult>;
  /**
   * The rows in pages, through a cursor: the database continues when the next page is requested. The statement timeout
   * covers the time from the first page to the last, pauses included: do slow work after the last page.
   */
  pages(
    text: string,
    parameters: readonly unknown[],
    options: PagesOptions,
  ): AsyncIterable<readonly SourceRow[]>;
  close(): Promise<void>;
}

const STATEMENT_TIMEOUT_MS = 300_000;
const NEVER = new AbortController().signal;

export function createSqlConnection(options: SqlConnectionOptions): SqlConnection {
  const { name } = options;
  const sessions = createSqlSessions({
    url: options.url,
    maxConnections: options.maxConnections ?? 4,
    statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
  });

  async function query(
    text: string,
    parameters: readonly unknown[],
    signal: AbortSignal = NEVER,
  ): Promise<SqlResult> {
    try {
      const session = await sessions.take(signal);
      try {
        const result = await session.answer(session.client.query<SourceRow>(text, [...parameters]));
        session.release('idle');
        return {
          columns: result.fields.map((field) => field.name),
          types: result.fields.map((field) => field.dataTypeID),
          rows: result.rows,
        };
      } finally {
        session.release('broken');
      }
    } catch (error) {
      signal.throwIfAborted();
      throw sqlError(name, error);
    }
  }

  async function* pages(
    text: string,
    parameters: readonly unknown[],
    { pageRows, signal }: PagesOptions,
  ): AsyncGenerator<readonly SourceRow[]> {
    try {
      const session = await sessions.take(signal);
      const cursor = session.client.query(new Cursor<SourceRow>(text, [...parameters]));
      let page: readonly SourceRow[];
      let paused = false;
      try {
        do {
          signal.throwIfAborted();
          paused = false;
          page = await session.answer(cursor.read(pageRows));
          paused = true;
          if (page.length > 0) yield page;
        } while (page.length === pageRows);
      } finally {
        // At the end, or where the consumer stopped: nothing is running, and the session can be reused.
        if (paused && !signal.aborted)
          await session.answer(cursor.close()).then(
            () => session.release('idle'),
            () => {},
          );
        session.release('broken');
      }
    } catch (error) {
      signal.throwIfAborted();
      throw sqlError(name, error);
    }
  }

  return { name, query, pages, close: sessions.close };
}
