import type { Clock } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import {
  readTilesOf,
  tiledEntityKeys,
  windowedViewsOf,
  type OfflineStore,
  type WindowedView,
} from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { writeTilesOnline } from './write-tiles-online.ts';

export interface ReplayTilesOptions {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly manifest: Manifest;
  readonly view: FeatureViewManifest;
  readonly clock: Clock;
}

const ENTITIES_PER_PAGE = 500;
const NONE: ReadonlySet<string> = new Set();

/** Writes all tiles of a windowed view to the online store, entity by entity; events that arrive meanwhile have later versions and win. */
export async function replayTiles({ manifest, view, ...stores }: ReplayTilesOptions): Promise<void> {
  const source = manifest.event_sources?.[view.windowed?.event_source ?? ''];
  if (source === undefined) throw new Error(`The manifest lacks the event source of ${viewRef(view)}.`);
  const recorded = await windowedViewsOf(stores.store, manifest.project, source);
  const windowed = recorded.find(({ manifest: { fingerprint } }) => fingerprint === view.fingerprint);
  // Not applied: it has no tiles.
  if (windowed === undefined) return;
  for await (const _ of replayedPages(windowed, stores));
}

/** Each step writes the tiles of some entities. @returns their number */
export async function* replayedPages(
  windowed: WindowedView,
  { store, onlineStore, clock }: Pick<ReplayTilesOptions, 'store' | 'onlineStore' | 'clock'>,
): AsyncGenerator<number> {
  let after: string | null = null;
  for (;;) {
    const keys: string[] = await tiledEntityKeys(store, windowed, { after, limit: ENTITIES_PER_PAGE });
    if (keys.length === 0) return;
    const tiles = await readTilesOf(store, windowed, keys);
    await writeTilesOnline(
      { view: windowed, tiles, partial: NONE },
      { offlineStore: store, onlineStore, nowMs: clock.nowMs() },
    );
    yield keys.length;
    after = keys.at(-1) as string;
  }
}
