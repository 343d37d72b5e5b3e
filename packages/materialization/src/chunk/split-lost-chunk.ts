import { LOSSES_OF_SUSPECT, splitChunk } from '../runs/index.ts';
import type { SourceBounds } from '@larder/sources';
import type { HeldChunk, MaterializeDeps } from './materialize-chunk.ts';
import { readChunkRows } from './read-chunk-rows.ts';
import { splitBounds } from './split-bounds.ts';

/** Splits a chunk that crashed its workers, so that a row that crashes them does not fail its neighbors permanently. */
export async function splitLostChunk(
  { store, views, logger }: Pick<MaterializeDeps, 'store' | 'views' | 'logger'>,
  { chunk, view, signal }: Omit<HeldChunk, 'lane'>,
): Promise<boolean> {
  if (chunk.failures < LOSSES_OF_SUSPECT || chunk.brokenBy !== 'WORKER_LOST') return false;
  // Tiles are folded from events in the database: there is no source whose rows could be read.
  if (view.manifest.windowed !== undefined) return false;
  const bounds = chunk.bounds as SourceBounds;
  const rows = await readChunkRows({ store, views }, { chunk, view, signal });
  const parts = splitBounds(bounds, rows, view.entity);
  if (parts.length < 2 || !(await splitChunk(store, chunk, parts))) return false;
  logger.warn(
    { chunkId: chunk.chunkId, runId: chunk.runId, view: view.ref, parts: parts.length },
    'A chunk that crashed its workers was split',
  );
  return true;
}
