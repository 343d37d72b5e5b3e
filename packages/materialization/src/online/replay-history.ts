import { systemClock } from '@larder/core';
import { type FeatureViewManifest, type Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { replayTiles } from '../events/replay-tiles.ts';
import { restoreView } from '../restore/restore-view.ts';

export interface ReplayHistoryOptions {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly manifest: Manifest;
  readonly view: FeatureViewManifest;
}

/** Writes a view version's history to the online store, where the newest row of a key wins; of a windowed view, its tiles. */
export async function replayHistory(options: ReplayHistoryOptions): Promise<void> {
  if (options.view.windowed !== undefined) return replayTiles({ ...options, clock: systemClock });
  await restoreView(options);
}
