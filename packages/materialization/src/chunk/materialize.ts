import { completeEvents } from '../events/complete-events.ts';
import { materializeEvents } from '../events/materialize-events.ts';
import { materializeTiles } from '../events/materialize-tiles.ts';
import { recordedView } from '../events/plan-build.ts';
import { writeOnline } from '../online/write-online.ts';
import { completeChunk } from '../runs/index.ts';
import type { Heartbeat } from './heartbeat.ts';
import { materializeChunk, type HeldChunk, type MaterializeDeps } from './materialize-chunk.ts';

/** A chunk that landed in history. */
export interface LandedWork {
  /** Writes it to the online store and completes it. */
  confirm(): Promise<void>;
}

/** Lands a claimed chunk: rows of a view, events of a source, or tiles of a windowed view; null when the attempt was revoked. */
export async function materialize(
  deps: MaterializeDeps,
  held: HeldChunk,
  heartbeat: Heartbeat,
): Promise<LandedWork | null> {
  const { view, chunk } = held;
  const { store, onlineStore } = deps;
  if (view.eventSource !== undefined || view.manifest.windowed !== undefined) {
    const changed =
      view.eventSource === undefined
        ? await materializeTiles(deps, held, { ...(await recordedView(deps, view)), heartbeat })
        : await materializeEvents(deps, held, { source: view.eventSource, heartbeat });
    if (changed === null) return null;
    return { confirm: () => completeEvents(deps, { chunk, changed, view }) };
  }
  const rows = await materializeChunk(deps, held, heartbeat);
  if (rows === null) return null;
  return {
    async confirm() {
      const created = await writeOnline(rows, { onlineStore, view: view.manifest, entity: view.entity });
      await completeChunk(store, chunk.chunkId, created);
    },
  };
}
