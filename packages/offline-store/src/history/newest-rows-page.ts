import type { FeatureViewManifest } from '@larder/features';
import pg, { type QueryResult } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { cutWhenHung } from '../connection/cut-when-hung.ts';
import { toDatabaseError } from '../connection/database-errors.ts';
import { allowSilence } from '../connection/silence-guard.ts';
import type { OfflineStore } from '../offline-store.ts';
import { historyTable, type HistoryProject, type HistoryTable } from './history-table.ts';
import { NEWEST_FIRST } from './newest-first.ts';

export interface NewestRowsPage {
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  /** Join keys of the last row of the page before, as text in the order of the entity; null: the first page. */
  readonly after: readonly string[] | null;
  /** Most rows of the page. */
  readonly limit: number;
  /** Rows with an older event timestamp are left out; null: none. */
  readonly notBeforeMs: number | null;
  /** Rows that landed earlier are left out, so that the newest of a key is the newest that landed since; null: none. */
  readonly landedSince: Date | null;
  /** How often a silent server is looked at, and how long it may take to answer then. @default 10,000 */
  readonly lookMs?: number;
}

/** Of one page: an index is read from one key to the next, so a page takes milliseconds, or minutes when little landed since. */
const PAGE_MS = 30 * 60_000;
/** A server that hangs is noticed within a minute: after two looks, and two answers that do not come. */
const LOOK_MS = 10_000;

/** Columns of a page before the features: the join keys, then these. */
export const PAGE_COLUMNS = ['event_timestamp', 'created_timestamp', 'revision', 'is_gone'] as const;

/**
 * The newest row of each of the next keys, in the order of the keys, as the bytes of a binary COPY: join keys,
 * `PAGE_COLUMNS`, features. Every page reads its own snapshot, so no transaction stays open between pages.
 * @throws DATABASE_UNAVAILABLE also within a minute after a server hung or the connection was lost
 */
export async function readNewestRowsPage(
  store: Pick<OfflineStore, 'pool'>,
  page: NewestRowsPage,
): Promise<Buffer> {
  const { lookMs = LOOK_MS } = page;
  const query = pageQuery(historyTable(page.project, page.view), page);
  const client = await store.pool.connect();
  let broken = true;
  let stopWatching = (): void => {};
  try {
    // The planner thinks that sorting all rows could be cheaper than walking the index of each month side by side; it would for every page.
    const begun = await client.query(
      `begin read only; set local statement_timeout = ${PAGE_MS}; set local enable_sort = off; set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_hashagg = off; set local max_parallel_workers_per_gather = 0; select pg_backend_pid() as pid`,
    );
    // Of this transaction: behind a transaction pooler the next one may have another session.
    const [told] = (begun as unknown as QueryResult<{ pid: number }>[]).slice(-1);
    const pid = told?.rows[0]?.pid as number;
    allowSilence(client, PAGE_MS);
    stopWatching = cutWhenHung(store.pool, client, { pid, everyMs: lookMs, answerMs: lookMs });
    const chunks: Buffer[] = [];
    for await (const chunk of client.query(copyTo(`copy (${query}) to stdout (format binary)`)))
      chunks.push(chunk as Buffer);
    await client.query('commit');
    broken = false;
    return Buffer.concat(chunks);
  } catch (error) {
    throw toDatabaseError(error);
  } finally {
    stopWatching();
    client.release(broken);
  }
}

/** COPY takes no parameters. */
function pageQuery(table: HistoryTable, { after, limit, notBeforeMs, landedSince }: NewestRowsPage): string {
  const keys = table.keys.map(({ name }) => pg.escapeIdentifier(name));
  const features = table.features.map(({ name }) => pg.escapeIdentifier(name));
  const columns = [...keys, 'event_timestamp', 'created_timestamp', 'revision', table.isGone, ...features];
  const where = [
    ...(after === null
      ? []
      : [
          `(${keys.join(', ')}) > (${after.map((text, i) => `${pg.escapeLiteral(text)}::${table.keys[i]?.sqlType}`).join(', ')})`,
        ]),
    ...(notBeforeMs === null ? [] : [`event_timestamp >= '${new Date(notBeforeMs).toISOString()}'`]),
    ...(landedSince === null ? [] : [`landed_at >= '${landedSince.toISOString()}'`]),
  ];
  return `select distinct on (${keys.join(', ')}) ${columns.join(', ')}
    from "${table.schema}"."${table.name}"
    ${where.length === 0 ? '' : `where ${where.join(' and ')}`}
    order by ${keys.join(', ')}, ${NEWEST_FIRST} limit ${limit}`;
}
