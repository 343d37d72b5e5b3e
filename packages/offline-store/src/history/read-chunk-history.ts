import type { FeatureViewManifest } from '@larder/features';
import { copyOut } from '../copy/copy.ts';
import type { OfflineStore } from '../offline-store.ts';
import { historyTable, type HistoryProject, type HistoryRow } from './history-table.ts';

/** Reads every row that the chunk landed, bit for bit as it was appended; for replaying history into the online store. */
export async function readChunkHistory(
  store: Pick<OfflineStore, 'pool'>,
  project: HistoryProject,
  view: FeatureViewManifest,
  chunkId: number,
): Promise<HistoryRow[]> {
  if (!Number.isSafeInteger(chunkId)) throw new Error(`${chunkId} is not a chunk id.`);
  const table = historyTable(project, view);
  const client = await store.pool.connect();
  try {
    const query = `select ${table.copyColumns} from "${table.schema}"."${table.name}" where chunk_id = ${chunkId}`;
    return (await copyOut(client, query)).map((columns) => table.readRow(columns));
  } finally {
    client.release();
  }
}
