import type { EntityManifest, FeatureViewManifest } from '@larder/features';
import {
  latestHistoryRows,
  type HistoryProject,
  type HistoryRow,
  type OfflineStore,
} from '@larder/offline-store';
import { entityKeyOfTexts, parseEntityKey } from '@larder/online-store';
import type { SourceBounds } from '@larder/sources';
import type { ClaimedChunk } from '../runs/index.ts';

export interface GoneRowsOptions {
  readonly store: OfflineStore;
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly entity: EntityManifest;
  readonly chunk: Pick<ClaimedChunk, 'bounds' | 'chunkId' | 'revision'>;
}

/**
 * A row without values for each of these keys, which ends it: a correction of its newest row, created when the run found
 * that the source lacks the key. A row of a newer run or push stands.
 */
export async function goneRows(
  keys: readonly (readonly string[])[],
  { store, project, view, entity, chunk }: GoneRowsOptions,
): Promise<HistoryRow[]> {
  const { goneSince } = chunk.bounds as SourceBounds & { readonly kind: 'keys' };
  if (keys.length === 0 || goneSince === undefined) return [];
  const newest = await latestHistoryRows(
    store,
    project,
    view,
    keys.map((texts) => parseEntityKey(entity, entityKeyOfTexts(entity, texts))),
  );
  return newest
    .filter((row) => row.isGone !== true && row.revision < chunk.revision)
    .map((row) => ({
      keys: row.keys,
      eventTimestampMs: row.eventTimestampMs,
      createdTimestampMs: Math.max(row.createdTimestampMs, Date.parse(goneSince)),
      revision: chunk.revision,
      chunkId: chunk.chunkId,
      inputHash: 0n,
      isGone: true,
      values: {},
    }));
}
