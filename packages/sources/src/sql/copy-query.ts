import { Readable } from 'node:stream';
import { LarderError } from '@larder/core';
import { to as copyTo } from 'pg-copy-streams';
import { connectionVariable } from '../connection-variable.ts';
import { sqlError } from './sql-error.ts';
import { createSqlSessions } from './sql-sessions.ts';

export interface QueryOptions {
  /** Addresses by connection name. */
  readonly connections: Readonly<Record<string, string>>;
  readonly connection: string;
  readonly query: string;
  readonly signal: AbortSignal;
}

export interface CopiedQuery {
  /** Columns with PostgreSQL's names of their types: `timestamp with time zone`. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** CSV without a header: null is an unquoted empty field, empty text is `""`, instants are in UTC. */
  readonly rows: Readable;
}

/** A query over much data may run this long, pauses of its reader included. */
const STATEMENT_TIMEOUT_MS = 6 * 3_600_000;

/**
 * The rows of any query on a named connection, read-only and as fast as they are read. The rows must be read to the end
 * or destroyed; then the connection is closed.
 * @throws SOURCE_NOT_CONFIGURED, SOURCE_UNAVAILABLE, SOURCE_QUERY_INVALID, SOURCE_TIMED_OUT, also as the error of `rows`
 */
export async function copyQuery({
  connections,
  connection,
  query,
  signal,
}: QueryOptions): Promise<CopiedQuery> {
  const url = Object.hasOwn(connections, connection) ? connections[connection] : undefined;
  if (url === undefined)
    throw new LarderError(
      'SOURCE_NOT_CONFIGURED',
      `The connection '${connection}' has no address in this process; set ${connectionVariable(connection)}.`,
    );
  const text = query.trim().replace(/;$/, '');
  const sessions = createSqlSessions({ url, maxConnections: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    const session = await sessions.take(signal);
    try {
      // A query that ends the parentheses and goes on is refused: the extended protocol takes one statement.
      const described = await session.answer(
        session.client.query({ text: `select * from (${text}\n) as spine limit 0`, name: 'spine' }),
      );
      const { rows } = await session.answer(
        session.client.query<{ type: string }>(
          'select format_type(oid, null) as type from unnest($1::oid[]) with ordinality as given (oid, place) order by place',
          [described.fields.map(({ dataTypeID }) => dataTypeID)],
        ),
      );
      const columns = described.fields.map(({ name }, i) => ({ name, type: rows[i]?.type ?? 'text' }));
      const stream = async function* (): AsyncGenerator<Buffer> {
        try {
          const copying = session.client.query(
            copyTo(`copy (select * from (${text}\n) as spine) to stdout (format csv)`),
          );
          for await (const chunk of copying) yield chunk as Buffer;
        } catch (error) {
          signal.throwIfAborted();
          throw sqlError(connection, error);
        } finally {
          session.release('broken');
          await sessions.close();
        }
      };
      return { columns, rows: Readable.from(stream(), { objectMode: false }) };
    } catch (error) {
      session.release('broken');
      throw error;
    }
  } catch (error) {
    await sessions.close();
    signal.throwIfAborted();
    throw sqlError(connection, error);
  }
}
