import { Readable } from 'node:stream';
import { LarderError } from '@larder/core';
import { viewRef } from '@larder/features';
import { sql } from 'kysely';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { toDatabaseError } from '../connection/database-errors.ts';
import { allowSilence, cutConnection } from '../connection/silence-guard.ts';
import { sendCopy } from '../copy/copy.ts';
import { kyselyOver, type OfflineStore } from '../offline-store.ts';
import { cutCsv } from './cut-csv.ts';
import { copySpine, createSpine, JOIN_SETTINGS, joinSql } from './join-sql.ts';
import { joinedTable } from './joined-table.ts';
import type { PointInTimeJoin } from './point-in-time.ts';

export interface JoinInPostgresqlOptions {
  /** Ends the join, also on the server; the result fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each piece of the spine. */
  readonly onProgress?: ((progress: { readonly rows: number }) => void) | undefined;
  /** Spine rows per statement. @default 50000 */
  readonly rowsPerPiece?: number | undefined;
}

const ROWS_PER_PIECE = 50_000;
const BYTES_PER_PIECE = 16 * 2 ** 20;
/** Longest time for one piece, which includes the waits for a reader that does not keep up. */
const MAX_PIECE_MS = 15 * 60_000;

/**
 * Joins a spine with the history of views, each row as of its own time.
 *
 * `spine` is CSV without a header: `row, at_us, <join keys in the entity's order>`; `at_us` are microseconds since 1970.
 * Any order is correct. It is fastest by UTC month of `at`, then the keys, then `at`: neighbours then read the same pages.
 *
 * The result is CSV with the columns of `joinedColumns`, a row for each spine row. Null is an empty value, an empty text is
 * `""`; vectors are `[1,2.5]`, timestamps milliseconds since 1970, JSON its text, booleans `true` and `false`, and floats
 * have the shortest text that reads back to the same bits (`NaN`, `Infinity`, `-0`).
 *
 * One connection of the pool is used, for reading only and as slowly as the result is read; memory is constant. The
 * spine is destroyed at the end.
 * @throws HISTORY_MISSING, DATABASE_UNAVAILABLE, as the error of the result
 */
export function joinInPostgresql(
  store: Pick<OfflineStore, 'pool'>,
  join: PointInTimeJoin,
  spine: Readable,
  options: JoinInPostgresqlOptions = {},
): Readable {
  const ended = new AbortController();
  // It may fail before it is read; then reading it fails.
  spine.on('error', () => {});
  const result = Readable.from(joined(store, join, { spine, ended: ended.signal, ...options }), {
    objectMode: false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  // Destroyed or failed: what waits for the server must stop waiting.
  result.once('close', () => {
    ended.abort();
    spine.destroy();
  });
  return result;
}

interface Joined extends JoinInPostgresqlOptions {
  readonly spine: Readable;
  readonly ended: AbortSignal;
}

async function* joined(
  store: Pick<OfflineStore, 'pool'>,
  join: PointInTimeJoin,
  { spine, ended, onProgress, rowsPerPiece = ROWS_PER_PIECE }: Joined,
): AsyncGenerator<Buffer> {
  const client = await store.pool.connect();
  const cut = (): void => cutConnection(client);
  ended.addEventListener('abort', cut);
  try {
    allowSilence(client, MAX_PIECE_MS);
    await prepare(client, join);
    const select = `copy (${joinSql(join)}) to stdout (format csv, encoding 'UTF8')`;
    let rows = 0;
    for await (const piece of cutCsv(spine, { maxRows: rowsPerPiece, maxBytes: BYTES_PER_PIECE })) {
      await client.query('begin read only');
      await sendCopy(client, copySpine(join), piece.bytes);
      yield* copied(client, select);
      await client.query('commit');
      rows += piece.rows;
      onProgress?.({ rows });
    }
  } finally {
    ended.removeEventListener('abort', cut);
    // With its settings and its temporary table.
    client.release(true);
  }
}

async function* copied(client: pg.PoolClient, select: string): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of client.query(copyTo(select))) yield bytes as Buffer;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** @throws HISTORY_MISSING */
async function prepare(client: pg.PoolClient, join: PointInTimeJoin): Promise<void> {
  const db = kyselyOver(client);
  const tables = join.views.map((view) => joinedTable(join, view));
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass(name) is not null as there
    from unnest(${tables.map(({ schema, name }) => `"${schema}"."${name}"`)}::text[]) with ordinality as tables (name, at)
    order by at`.execute(db);
  const missing = join.views.find((_, at) => rows[at]?.there !== true);
  if (missing !== undefined) throw historyMissing(viewRef(missing.view));
  const settings = { ...JOIN_SETTINGS, statement_timeout: String(MAX_PIECE_MS) };
  for (const [name, value] of Object.entries(settings))
    await sql`select set_config(${name}, ${value}, false)`.execute(db);
  await client.query(createSpine(join));
}

export function historyMissing(ref: string): LarderError {
  return new LarderError(
    'HISTORY_MISSING',
    `${ref} has no history in this database. Apply its definition (larder apply), then fill it: larder backfill ${ref.replace(/@.*/, '')}.`,
  );
}
