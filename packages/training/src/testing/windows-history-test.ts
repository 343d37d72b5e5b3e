import { createLogger } from '@larder/core';
import { loadedFunctions, type FeatureViewManifest } from '@larder/features';
import { pushEvents } from '@larder/materialization/events';
import {
  appendHistory,
  createOfflineStore,
  ensureEventsIn,
  ensureHistory,
  ensureTilesIn,
  migrate,
  type OfflineStore,
} from '@larder/offline-store';
import { windowsTest } from '@larder/serving/testing';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';

type Json = Readonly<Record<string, unknown>>;

export interface WindowsHistory {
  readonly store: OfflineStore;
  readonly definitions: TrainingSetDefinitions;
  /** Lands events at the time of `windows.clock`, in history and online, where they count as confirmed at once. */
  push(events: readonly Json[]): Promise<void>;
  /** Appends a picture's brightness to history alone. */
  landImage(adId: string, brightness: number, atMs: number): Promise<void>;
  /** Appends a mood of the market to history alone. */
  landMood(mood: number, atMs: number): Promise<void>;
}

interface Landed {
  readonly keys: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
  readonly atMs: number;
}

/** `windowsTest` with a database that has the project's histories. */
export const test = windowsTest.extend<{ $file: { past: WindowsHistory } }>({
  past: [
    async ({ database, windows }, use) => {
      const logger = createLogger('test', { level: 'silent' });
      const store = createOfflineStore({ databaseUrl: database.url, logger });
      await migrate(store);
      const { project, onlineStore, clock } = windows;
      const { manifest } = project;
      await store.transaction(async (tx) => {
        for (const source of Object.values(manifest.event_sources ?? {}))
          await ensureEventsIn(tx, manifest, source);
        for (const view of Object.values(manifest.feature_views)) await ensureTilesIn(tx, manifest, view);
      });
      const land = async (ref: string, { atMs, ...content }: Landed) => {
        const view = manifest.feature_views[ref] as FeatureViewManifest;
        const times = { eventTimestampMs: atMs, createdTimestampMs: atMs };
        const row = { ...content, ...times, revision: 1, chunkId: 1, inputHash: 0n };
        await store.transaction((tx) => appendHistory(tx, manifest, view, [row]));
      };
      for (const ref of ['ad_image@1', 'market@1'])
        await ensureHistory(store, manifest, manifest.feature_views[ref] as FeatureViewManifest);
      await use({
        store,
        definitions: { manifest, functionOf: loadedFunctions(project) },
        async push(events) {
          const deps = { offlineStore: store, onlineStore, clock, logger };
          const { runId, rejected } = await pushEvents(deps, { manifest, source: 'ad_events', events });
          if (rejected.length > 0) throw new Error(JSON.stringify(rejected));
          await store.pool.query('update larder.chunks set online_at = $2 where run_id = $1', [
            runId,
            new Date(clock.atMs),
          ]);
        },
        landImage: (adId, brightness, atMs) =>
          land('ad_image@1', { keys: { ad_id: adId }, values: { brightness }, atMs }),
        landMood: (mood, atMs) =>
          land('market@1', { keys: { everywhere: 'everywhere' }, values: { mood }, atMs }),
      });
      await store.close();
    },
    { scope: 'file' },
  ],
});
