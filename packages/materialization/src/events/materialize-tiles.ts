import {
  buildTiles,
  limitSilence,
  type ChangedTiles,
  type TileBounds,
  type WindowedView,
} from '@larder/offline-store';
import type { EventSourceManifest } from '@larder/features';
import { sql } from 'kysely';
import type { Heartbeat } from '../chunk/heartbeat.ts';
import type { HeldChunk, MaterializeDeps } from '../chunk/materialize-chunk.ts';
import { refuseErased } from '../chunk/read-chunk-rows.ts';
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
/** Less than PostgreSQL takes to find a deadlock, in which an apply that drops the tiles would be the one to fail. */
const CHUNK_LOCK_MS = 900;

/** Builds the tiles of a chunk of entities from their events; null when the attempt was revoked. */
export async function materializeTiles(
  deps: MaterializeDeps,
  { chunk, view }: HeldChunk,
  { source, windowed, heartbeat }: MaterializeTilesOptions,
): Promise<readonly ChangedTiles[] | null> {
  const { store, times, clock, views } = deps;
  const { project } = views.project;
  refuseErased(chunk);
  const revoked = new Error('The attempt was revoked.');
  return store
    .transaction(async (tx) => {
      await limitSilence(tx, times.leaseMs, STATEMENT_MS);
      const { chunkId, revision, runId } = chunk;
      const tiles = await buildTiles(tx, {
        project,
        source,
        view: windowed,
        bounds: chunk.bounds as TileBounds,
        revision,
        nowMs: clock.nowMs(),
      });
      // Not before: heartbeats would wait for the lock, and a worker that dies would be missed after the longest build only.
      if (!(await heartbeat.stopHolding(2 * times.leaseMs))) throw revoked;
      await sql`select set_config('lock_timeout', ${String(CHUNK_LOCK_MS)}, true)`.execute(tx.db);
      if (!(await lockChunk(tx, chunk))) throw revoked;
      const entities = new Set(tiles.map(({ entityKey }) => entityKey)).size;
      const counts = { done: entities, failed: 0, skipped: 0, duplicate: 0 };
      await recordLanding(tx, { runId, chunkId, counts, failures: [], leaseMs: times.leaseMs });
      const changed = [{ view: windowed, tiles, partial: NONE }];
      await tellTiles(tx, { project, runId, chunkId, revision, changed });
      deps.observer.rowsLanded(view.ref, { ...counts, restored: 0 });
      return changed;
    })
    .catch((error: unknown) => {
      if (error === revoked) return null;
      throw error;
    });
}
