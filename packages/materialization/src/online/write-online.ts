import { isNewer } from '@larder/core';
import { viewRef, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import type { HistoryRow } from '@larder/offline-store';
import {
  compileRowCodec,
  encodeGoneRow,
  entityKey,
  type OnlineRow,
  type OnlineStore,
} from '@larder/online-store';

export interface WriteOnlineOptions {
  readonly onlineStore: OnlineStore;
  readonly view: FeatureViewManifest;
  readonly entity: EntityManifest;
}

const ROWS_PER_WRITE = 500;

/**
 * Writes a chunk's history to the online store: the newest row per entity, and only where it is newer.
 * @returns the number of entities that had no row of the view
 */
export async function writeOnline(rows: readonly HistoryRow[], options: WriteOnlineOptions): Promise<number> {
  const { onlineStore, view, entity } = options;
  const codec = compileRowCodec(view);
  const newest = new Map<string, HistoryRow>();
  for (const row of rows) {
    const key = entityKey(entity, row.keys);
    const other = newest.get(key);
    if (!other || isNewer(row, other)) newest.set(key, row);
  }
  const entries = [...newest];
  let created = 0;
  for (let start = 0; start < entries.length; start += ROWS_PER_WRITE) {
    const page = entries.slice(start, start + ROWS_PER_WRITE).map(([key, row]): OnlineRow => ({
      entity: entity.name,
      entityKey: key,
      viewRef: viewRef(view),
      ttlMs: view.ttl_ms,
      row: row.isGone ? encodeGoneRow(view, row) : codec.encode(row, row.values),
    }));
    const outcomes = await onlineStore.write(page);
    for (const [at, outcome] of outcomes.entries())
      if (outcome === 'created' && !entries[start + at]?.[1].isGone) created++;
  }
  return created;
}
