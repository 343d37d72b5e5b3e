import { systemClock, type Clock } from '@larder/core';
import {
  entityKeysOfBuild,
  entityKeysOfChunk,
  readTilesOf,
  recordBuilt,
  windowedViewsOf,
  type ChangedTiles,
  type OfflineStore,
} from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import type { LoadedViews, MaterializedView } from '../materializer/loaded-views.ts';
import { completeChunk, isWholeRunLanded } from '../runs/index.ts';
import { recordedView, type PlanBuildDeps } from './plan-build.ts';
import { writeTilesOnline } from './write-tiles-online.ts';

export interface CompleteEventsDeps {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly views: Pick<LoadedViews, 'project'>;
  readonly clock?: Clock;
}

const NONE: ReadonlySet<string> = new Set();

export interface LandedEventsChunk {
  readonly chunk: { readonly chunkId: number; readonly runId: string };
  readonly view: MaterializedView;
  readonly changed: readonly ChangedTiles[];
}

/** Writes the tiles that a chunk changed to the online store and completes the chunk; after the last one of a build, the view. */
export async function completeEvents(
  deps: CompleteEventsDeps,
  { chunk, view, changed }: LandedEventsChunk,
): Promise<void> {
  const { store } = deps;
  const views = [];
  for (const each of changed) {
    const created = await writeTilesOnline(each, {
      offlineStore: store,
      onlineStore: deps.onlineStore,
      nowMs: (deps.clock ?? systemClock).nowMs(),
    });
    const { name, version } = each.view.manifest;
    if (each.tiles.length > 0) views.push({ view: name, version, created });
  }
  await completeChunk(store, chunk.chunkId, 0, views);
  if (view.eventSource === undefined && (await isWholeRunLanded(store, chunk.runId)))
    await recordBuilt(store, deps.views.project.project, view.manifest);
}

/** The tiles, as they are now, of every entity that a landed chunk changed. */
export async function tilesOfChunk(
  { store, views }: PlanBuildDeps,
  view: MaterializedView,
  chunkId: number,
): Promise<ChangedTiles[]> {
  const { project } = views.project;
  if (view.eventSource === undefined) {
    const { source, windowed } = await recordedView({ store, views }, view);
    const keys = await entityKeysOfBuild(store, { project, source, view: windowed, chunkId });
    return [{ view: windowed, tiles: await readTilesOf(store, windowed, keys), partial: NONE }];
  }
  const changed: ChangedTiles[] = [];
  const source = view.eventSource;
  for (const windowed of await windowedViewsOf(store, project, source)) {
    const keys = await entityKeysOfChunk(store, { project, source, view: windowed, chunkId });
    changed.push({ view: windowed, tiles: await readTilesOf(store, windowed, keys), partial: NONE });
  }
  return changed;
}
