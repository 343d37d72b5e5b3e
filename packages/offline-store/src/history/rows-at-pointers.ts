import type { RowOrder } from '@larder/core';
import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import pg from 'pg';
import { copyOut } from '../copy/copy.ts';
import type { OfflineStore } from '../offline-store.ts';
import { readFractionalMs, readTimestampMs } from './field-column.ts';
import { historyTable, type HistoryProject, type HistoryRow } from './history-table.ts';
import { keyTexts, type KeyValues } from './key-parameters.ts';

export type HistoryPointer = { readonly keys: KeyValues } & RowOrder;

export interface PointedRow extends HistoryRow {
  readonly landedAtMs: number;
  /** When the online store confirmed its chunk, with microseconds as a fraction; null: not yet. */
  readonly onlineAtMs: number | null;
  /** Null when the run has been deleted. */
  readonly runId: string | null;
}

/** The rows that pointers lead to, in their order; null where history no longer has one, or no such view. */
export async function rowsAtPointers(
  store: Pick<OfflineStore, 'db' | 'pool'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  pointers: readonly HistoryPointer[],
): Promise<(PointedRow | null)[]> {
  const found: (PointedRow | null)[] = pointers.map(() => null);
  if (pointers.length === 0) return found;
  const table = historyTable(project, view);
  const name = `"${table.schema}"."${table.name}"`;
  const { rows: known } = await sql<{ exists: boolean }>`
    select to_regclass(${name}) is not null as exists`.execute(store.db);
  if (known[0]?.exists !== true) return found;
  const keys = pointers.map((pointer) => pointer.keys);
  // COPY takes no parameters.
  const arrays = [
    ...table.keys.map((key) => `${textArray(keyTexts(table, key.name, keys))}::text[]::${key.sqlType}[]`),
    timeArray(pointers.map(({ eventTimestampMs }) => eventTimestampMs)),
    timeArray(pointers.map(({ createdTimestampMs }) => createdTimestampMs)),
    `array[${pointers.map(({ revision }) => revision).join(', ')}]::bigint[]`,
  ];
  const order = ['event_timestamp', 'created_timestamp', 'revision'];
  const names = [...table.keys.map((key) => pg.escapeIdentifier(key.name)), ...order];
  const columns = table.copyColumns.split(', ').map((column) => `history.${column}`);
  const query = `
    select wanted.place, history.landed_at, online.online_at, chunks.run_id::text, ${columns.join(', ')}
    from unnest(${arrays.join(', ')}) with ordinality as wanted (${names.join(', ')}, place)
    join ${name} as history on ${names.map((column) => `history.${column} = wanted.${column}`).join(' and ')}
    left join larder.chunks using (chunk_id)
    left join larder.chunk_online_times online using (chunk_id)`;
  const client = await store.pool.connect();
  try {
    for (const [place, landed, online, run, ...columnsOfRow] of await copyOut(client, query))
      found[Number((place as Buffer).readBigInt64BE(0)) - 1] = {
        ...table.readRow(columnsOfRow),
        landedAtMs: readTimestampMs(landed as Buffer),
        onlineAtMs: online === null || online === undefined ? null : readFractionalMs(online),
        runId: run?.toString('utf8') ?? null,
      };
    return found;
  } finally {
    client.release();
  }
}

function textArray(texts: readonly string[]): string {
  return `array[${texts.map((text) => pg.escapeLiteral(text)).join(', ')}]`;
}

function timeArray(timesMs: readonly number[]): string {
  return `${textArray(timesMs.map((ms) => new Date(ms).toISOString()))}::timestamptz[]`;
}
