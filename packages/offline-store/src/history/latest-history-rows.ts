import type { FeatureViewManifest } from '@larder/features';
import pg from 'pg';
import { copyOut } from '../copy/copy.ts';
import type { OfflineStore } from '../offline-store.ts';
import { historyTable, type HistoryProject, type HistoryRow } from './history-table.ts';
import { keyTexts, type KeyValues } from './key-parameters.ts';
import { NEWEST_FIRST } from './newest-first.ts';

/** Reads the newest row of each key, bit for bit as it was appended, in no particular order; keys without history are omitted. */
export async function latestHistoryRows(
  store: Pick<OfflineStore, 'pool'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  keys: readonly KeyValues[],
): Promise<HistoryRow[]> {
  if (keys.length === 0) return [];
  const table = historyTable(project, view);
  // COPY takes no parameters.
  const arrays = table.keys.map(({ name, sqlType }) => {
    const texts = keyTexts(table, name, keys).map((text) => pg.escapeLiteral(text));
    return `array[${texts.join(', ')}]::text[]::${sqlType}[]`;
  });
  const names = table.keys.map(({ name }) => pg.escapeIdentifier(name));
  const query = `
    select newest.*
    from unnest(${arrays.join(', ')}) as wanted (${names.join(', ')})
    cross join lateral (
      select ${table.copyColumns} from "${table.schema}"."${table.name}" as history
      where ${names.map((name) => `history.${name} = wanted.${name}`).join(' and ')}
      order by ${NEWEST_FIRST}
      limit 1
    ) as newest`;
  const client = await store.pool.connect();
  try {
    return (await copyOut(client, query)).map((columns) => table.readRow(columns));
  } finally {
    client.release();
  }
}
