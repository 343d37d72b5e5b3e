import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { toDatabaseError } from '../connection/database-errors.ts';

/**
 * Copies a CSV file into `target` (`table (columns)`, already quoted), in constant memory. After a failure the caller's
 * transaction must end.
 */
export async function copyFromFile(
  client: pg.PoolClient,
  target: string,
  {
    path,
    header,
    signal,
  }: { readonly path: string; readonly header: boolean; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  try {
    const rows = client.query(copyFrom(`copy ${target} from stdin (format csv, header ${header})`));
    await pipeline(createReadStream(path), rows, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw toDatabaseError(error);
  }
}
