import { compareRowOrder } from '@larder/core';
import { entityKey, keepsValues, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import pg from 'pg';
import { copyOut } from '../copy/copy.ts';
import type { StoreTransaction } from '../offline-store.ts';
import { historyTable, type HistoryProject, type HistoryRow } from './history-table.ts';
import { keyTexts, type KeyValues } from './key-parameters.ts';
import { lockKeys } from './lock-keys.ts';
import { mergeRow } from './merge-row.ts';
import { NEWEST_FIRST } from './newest-first.ts';

export interface CompleteRows {
  /** Rows that were given, complete; of rows with the same key and order one, which has what all of them gave. */
  readonly rows: readonly HistoryRow[];
  /** Newest rows again, with what late rows gave. */
  readonly corrections: readonly HistoryRow[];
}

/**
 * Waits for transactions that write rows of these keys, where rows of the view keep values of earlier ones; before the revision
 * of the rows is drawn, so that the later transaction has the greater one.
 */
export async function lockKept(
  tx: Pick<StoreTransaction, 'db'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  entityKeys: Iterable<string>,
): Promise<void> {
  if (!keepsValues(view)) return;
  const { schema, name } = historyTable(project, view);
  await lockKeys(tx, `larder:kept:${schema}.${name}`, entityKeys);
}

/**
 * Rows of a view whose rows may keep values of earlier ones, as they are to be appended (`mergeRow`), in the order in which they
 * arrived. After `lockKept`, in the same transaction; rows of other views are returned as they are.
 */
export async function completeRows(
  tx: StoreTransaction,
  project: HistoryProject,
  view: FeatureViewManifest,
  given: readonly HistoryRow[],
): Promise<CompleteRows> {
  if (!keepsValues(view) || given.length === 0) return { rows: given, corrections: [] };
  const entity = project.entities[view.entity] as EntityManifest;
  const keyOf = (row: HistoryRow): string => entityKey(entity, row.keys);
  const known = new Map<string, HistoryRow[]>(given.map((row) => [keyOf(row), []]));
  for (const row of await neighbours(tx, project, view, given)) known.get(keyOf(row))?.push(row);
  const rows = new Map<string, HistoryRow>();
  const corrections = new Map<string, HistoryRow>();
  for (const each of given) {
    const key = keyOf(each);
    const ofKey = known.get(key) as HistoryRow[];
    const { row, correction } = mergeRow(view, each, ofKey);
    put(ofKey, row);
    const place = `${row.eventTimestampMs} ${row.createdTimestampMs} ${key}`;
    rows.set(place, row);
    corrections.delete(place);
    if (correction === null) continue;
    put(ofKey, correction);
    // of a row that lands now as well
    const corrected = `${correction.eventTimestampMs} ${correction.createdTimestampMs} ${key}`;
    (rows.has(corrected) ? rows : corrections).set(corrected, correction);
  }
  return { rows: [...rows.values()], corrections: [...corrections.values()] };
}

function put(rows: HistoryRow[], row: HistoryRow): void {
  const at = rows.findIndex((other) => compareRowOrder(other, row) === 0);
  if (at < 0) rows.push(row);
  else rows[at] = row;
}

/** For each row the newest of its key at its event timestamp, and the newest of all. */
async function neighbours(
  tx: StoreTransaction,
  project: HistoryProject,
  view: FeatureViewManifest,
  given: readonly HistoryRow[],
): Promise<HistoryRow[]> {
  const table = historyTable(project, view);
  const entity = project.entities[view.entity] as EntityManifest;
  const wanted = new Map<string, { readonly keys: KeyValues; readonly at: string }>();
  for (const { keys, eventTimestampMs } of given)
    for (const at of [new Date(eventTimestampMs).toISOString(), 'infinity'])
      wanted.set(`${at} ${entityKey(entity, keys)}`, { keys, at });
  const places = [...wanted.values()];
  // COPY takes no parameters.
  const keys = table.keys.map(({ name, sqlType }) => {
    const texts = keyTexts(
      table,
      name,
      places.map((place) => place.keys),
    );
    return `array[${texts.map((text) => pg.escapeLiteral(text)).join(', ')}]::text[]::${sqlType}[]`;
  });
  const names = table.keys.map(({ name }) => pg.escapeIdentifier(name));
  const times = `array[${places.map(({ at }) => `'${at}'`).join(', ')}]::timestamptz[]`;
  const columns = table.copyColumns
    .split(', ')
    .map((column) => `found.${column}`)
    .join(', ');
  const found = await copyOut(
    tx.client,
    `select distinct on (${[...names, 'event_timestamp', 'created_timestamp', 'revision'].map((column) => `found.${column}`).join(', ')}) ${columns}
    from unnest(${[...keys, times].join(', ')}) as wanted (${names.join(', ')}, at)
    cross join lateral (
      select ${table.copyColumns} from "${table.schema}"."${table.name}" as history
      where ${names.map((column) => `history.${column} = wanted.${column}`).join(' and ')}
        and history.event_timestamp <= wanted.at
      order by ${NEWEST_FIRST}
      limit 1
    ) as found`,
  );
  return found.map((row) => table.readRow(row));
}
