import {
  buildTiles,
  limitSilence,
  type ChangedTiles,
  type TileBounds,
  type WindowedView,
} from '@larder/offline-store';
import type { EventSourceManifest } from '@larder/features';
import type { Heartbeat } from '../chunk/heartbeat.ts';
import type { HeldChunk, MaterializeDeps } from '../chunk/materialize-chunk.ts';
import { lockChunk, recordLanding } from '../runs/index.ts';
import { tellTiles } from './tell-tiles.ts';

export interface MaterializeTilesOptions {
  readonly source: EventSourceManifest;
  readonly windowed: WindowedView;
  readonly heartbeat: Heartbeat;
}

const NONE: ReadonlySet<string> = new Set();
/** How long one statement over the events of a chunk may take. */
const STATEMENT_MS = 10 * 60_000;

/** Builds the tiles of a chunk of entities from their events; null when the attempt was revoked. */
export async function materializeTiles(
  deps: MaterializeDeps,
  { chunk, view }: HeldChunk,
  { source, windowed, heartbeat }: MaterializeTilesOptions,
): Promise<readonly ChangedTiles[] | null> {
  const { store, times, clock, views } = deps;
  const { project } = views.project;
  if (!(await heartbeat.stopHolding(times.leaseMs + STATEMENT_MS))) return null;
  return store.transaction(async (tx) => {
    await limitSilence(tx, times.leaseMs, STATEMENT_MS);
    if (!(await lockChunk(tx, chunk))) return null;
    const { chunkId, revision, runId } = chunk;
    const tiles = await buildTiles(tx, {
      project,
      source,
      view: windowed,
      bounds: chunk.bounds as TileBounds,
      revision,
      nowMs: clock.nowMs(),
    });
    const entities = new Set(tiles.map(({ entityKey }) => entityKey)).size;
    const counts = { done: entities, failed: 0, skipped: 0, duplicate: 0 };
    await recordLanding(tx, { runId, chunkId, counts, failures: [], leaseMs: times.leaseMs });
    const changed = [{ view: windowed, tiles, partial: NONE }];
    await tellTiles(tx, { project, runId, chunkId, revision, changed });
    deps.observer.rowsLanded(view.ref, { ...counts, restored: 0 });
    return changed;
  });
}
