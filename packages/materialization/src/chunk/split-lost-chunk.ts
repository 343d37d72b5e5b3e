import { LOSSES_OF_SUSPECT, splitChunk, type ClaimedChunk } from '../runs/index.ts';
import type { SourceBounds } from '@larder/sources';
import type { MaterializedView } from '../materializer/loaded-views.ts';
import type { MaterializerContext } from '../materializer/materializer-context.ts';
import { splitBounds } from './split-bounds.ts';

export interface HeldChunk {
  readonly chunk: ClaimedChunk;
  readonly view: MaterializedView;
  /** Aborted when the process must end, or the attempt was taken away. */
  readonly signal: AbortSignal;
}

/** Splits a chunk that ended its workers, so that a row that does so does not take its neighbours with it for good. */
export async function splitLostChunk(
  { store, views, logger }: MaterializerContext,
  { chunk, view, signal }: HeldChunk,
): Promise<boolean> {
  if (chunk.failures < LOSSES_OF_SUSPECT || chunk.brokenBy !== 'WORKER_LOST') return false;
  const bounds = chunk.bounds as SourceBounds;
  const parts = splitBounds(bounds, await views.source(view).scan(bounds, signal), view.entity);
  if (parts.length < 2 || !(await splitChunk(store, chunk, parts))) return false;
  logger.warn(
    { chunkId: chunk.chunkId, runId: chunk.runId, view: view.ref, parts: parts.length },
    'A chunk that ended its workers was split',
  );
  return true;
}
