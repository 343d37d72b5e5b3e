import { sql } from 'kysely';
import { expiredPartitions } from '../partitions/drop-partition.ts';
import type { PartitionedTable } from '../partitions/partitions.ts';
import type { OfflineStore } from '../offline-store.ts';
import { dropOf } from './drop-expired.ts';

/**
 * Drops the partitions of a table of rows of chunks, with the times at which chunks that have no other rows there were online.
 * @returns names of the dropped partitions, oldest first
 */
export async function dropWithOnlineTimes(
  store: OfflineStore,
  table: PartitionedTable,
  retentionMs: number | 'forever',
): Promise<string[]> {
  if (retentionMs === 'forever') return [];
  const chunkIds = await chunksOf(store, table, await expiredPartitions(store, table, retentionMs));
  const partitions = await dropOf(store, table, retentionMs);
  if (partitions.length > 0) await forgetOnlineTimes(store, table, chunkIds);
  return partitions;
}

/** Chunks of deleted runs with rows in these partitions. */
async function chunksOf(
  store: OfflineStore,
  { schema }: PartitionedTable,
  partitions: readonly string[],
): Promise<number[]> {
  const found: number[] = [];
  for (const name of partitions) {
    const { rows } = await sql<{ chunk_id: number }>`
      select chunk_id from larder.kept_online_times
      where chunk_id in (select chunk_id from ${sql.table(`${schema}.${name}`)})`.execute(store.db);
    for (const row of rows) found.push(row.chunk_id);
  }
  return found;
}

async function forgetOnlineTimes(
  store: OfflineStore,
  { schema, name }: PartitionedTable,
  chunkIds: readonly number[],
): Promise<void> {
  if (chunkIds.length === 0) return;
  await sql`
    delete from larder.kept_online_times where chunk_id = any (${chunkIds}::bigint[]) and chunk_id not in (
      select chunk_id from ${sql.table(`${schema}.${name}`)} where chunk_id = any (${chunkIds}::bigint[]))`.execute(
    store.db,
  );
}
