import { isDeepStrictEqual } from 'node:util';
import { LarderError } from '@larder/core';
import type { SourceRow } from '@larder/features';
import { scanRows, type SourceBounds } from '@larder/sources';
import { ERASED_BOUNDS } from '../erasure/erase-queued-work.ts';
import { readStagedRows } from '../push/staged-rows.ts';
import type { HeldChunk, MaterializeDeps } from './materialize-chunk.ts';

/** The rows of a chunk: from its source, or as they were pushed. An erasure takes its key out of a chunk's listed keys, and out of the limits of one that has ended. */
export async function readChunkRows(
  { store, views }: Pick<MaterializeDeps, 'store' | 'views'>,
  { chunk, view, signal }: Omit<HeldChunk, 'lane'>,
): Promise<readonly SourceRow[]> {
  refuseErased(chunk);
  const bounds = chunk.bounds as SourceBounds;
  if (bounds.kind === 'keys' && bounds.keys.length === 0) return [];
  if (bounds.kind === 'keys' && view.manifest.source.kind === 'push')
    return readStagedRows(store, {
      view: view.manifest,
      entity: view.entity,
      runId: chunk.runId,
      keys: bounds.keys,
    });
  return scanRows(await views.source(view), asOfRun(bounds, chunk), signal);
}

/** @throws ENTITY_ERASED */
export function refuseErased({ bounds }: Pick<HeldChunk['chunk'], 'bounds'>): void {
  if (isDeepStrictEqual(bounds, ERASED_BOUNDS))
    throw new LarderError(
      'ENTITY_ERASED',
      'The limits of this chunk were an entity that was erased since, so it cannot be computed again; start a new run.',
    );
}

/** Every attempt at a chunk has the same instant: that of its keys where the run takes them bit by bit, else that of the run. */
function asOfRun(bounds: SourceBounds, { runCreatedAt }: HeldChunk['chunk']): SourceBounds {
  return bounds.kind === 'null_keys' ? bounds : { asOf: runCreatedAt.toISOString(), ...bounds };
}
