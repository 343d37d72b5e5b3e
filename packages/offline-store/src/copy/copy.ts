import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { toDatabaseError } from '../connection/database-errors.ts';
import { readCopy } from './copy-reader.ts';

/** Sends finished binary COPY bytes into `target` (`schema.table (columns)`, already quoted), on this client's transaction. */
export async function copyIn(client: pg.PoolClient, target: string, bytes: Buffer): Promise<void> {
  await sendCopy(client, `copy ${target} from stdin (format binary)`, [bytes]);
}

/** Runs `copy … from stdin` with these bytes. */
export async function sendCopy(
  client: pg.PoolClient,
  statement: string,
  bytes: readonly Buffer[],
): Promise<void> {
  try {
    await pipeline(Readable.from(bytes), client.query(copyFrom(statement)));
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** Reads all rows of `query` (without parameters) in binary format; meant for the rows of one chunk, not of a table. */
export async function copyOut(client: pg.PoolClient, query: string): Promise<(Buffer | null)[][]> {
  const chunks: Buffer[] = [];
  // Read to the end before anything may throw: an abandoned COPY would leave the connection unusable.
  try {
    for await (const chunk of client.query(copyTo(`copy (${query}) to stdout (format binary)`)))
      chunks.push(chunk as Buffer);
  } catch (error) {
    throw toDatabaseError(error);
  }
  return readCopy(Buffer.concat(chunks));
}
