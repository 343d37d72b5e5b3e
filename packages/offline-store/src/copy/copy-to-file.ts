import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { toDatabaseError } from '../connection/database-errors.ts';

/**
 * Writes the rows of `query` (without parameters) as CSV without a header, in constant memory. After a failure the
 * connection is unusable: the caller's transaction must end.
 */
export async function copyToFile(
  client: pg.PoolClient,
  query: string,
  { path, signal }: { readonly path: string; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  try {
    const rows = client.query(copyTo(`copy (${query}) to stdout (format csv)`));
    await pipeline(rows, createWriteStream(path), signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw toDatabaseError(error);
  }
}
