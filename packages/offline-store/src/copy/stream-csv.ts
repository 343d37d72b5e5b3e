import { Readable } from 'node:stream';
import type { RawBuilder } from 'kysely';
import { to as copyTo } from 'pg-copy-streams';
import { toDatabaseError } from '../connection/database-errors.ts';
import { allowSilence } from '../connection/silence-guard.ts';
import { kyselyOver, type OfflineStore } from '../offline-store.ts';

/** Limit of one query over much of a log, and of its reader's pauses. */
const STATEMENT_MS = 6 * 3_600_000;
const SILENCE_MS = 30 * 60_000;

/**
 * Rows of a query without parameters as CSV without a header, as fast as they are read. The connection is taken when
 * reading begins and given back at the end; a reader that stops early closes it, so that PostgreSQL stops as well.
 */
export function streamCsv(
  store: Pick<OfflineStore, 'pool'>,
  query: RawBuilder<unknown>,
  signal?: AbortSignal,
): Readable {
  return Readable.from(csvOf(store, query), { objectMode: false, ...(signal && { signal }) });
}

async function* csvOf(store: Pick<OfflineStore, 'pool'>, query: RawBuilder<unknown>): AsyncGenerator<Buffer> {
  const client = await store.pool.connect();
  let broken = true;
  try {
    allowSilence(client, SILENCE_MS);
    const { sql } = query.compile(kyselyOver(client));
    await client.query(`begin read only; set local statement_timeout = ${STATEMENT_MS}`);
    for await (const chunk of client.query(copyTo(`copy (${sql}) to stdout (format csv)`)))
      yield chunk as Buffer;
    await client.query('commit');
    broken = false;
  } catch (error) {
    throw toDatabaseError(error);
  } finally {
    client.release(broken);
  }
}
