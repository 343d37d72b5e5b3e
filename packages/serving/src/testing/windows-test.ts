import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { DistinctSketch, loadProject, type FeatureViewManifest, type LoadedProject } from '@larder/features';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import type { ModelRunner } from '@larder/model-runtime';
import { keyHasher } from '@larder/offline-store';
import {
  connectRedis,
  createOnlineStore,
  waitForRedis,
  type OnlineStore,
  type Tile,
} from '@larder/online-store';
import { test as base } from '@larder/testing';
import { inject } from 'vitest';
import type { Predictor } from '../predictor.ts';
import { fixturePredictor } from './predictor-fixture.ts';

const FIXTURE = resolve(import.meta.dirname, '../../fixtures/windows');

/** Features of `ad_pace` in the order of its tensor. */
export const PACE_FEATURES = [
  'ad_image:brightness',
  ...['shown', 'bid', 'bid_mean', 'bid_max', 'bid_last', 'users'].flatMap((name) => [
    `ad_stats:${name}_1h`,
    `ad_stats:${name}_1d`,
  ]),
  'pace:share',
  'pace:bid_known',
];
export const PACE_WEIGHTS = PACE_FEATURES.map((_, at) => (at % 3 === 0 ? 0.05 : -0.02 * (at + 1)));

export interface WindowsServed {
  readonly project: LoadedProject;
  readonly onlineStore: OnlineStore;
  readonly view: FeatureViewManifest & { readonly windowed: NonNullable<FeatureViewManifest['windowed']> };
  /** At `clock.nowMs()`, which tests set. */
  readonly adPace: Predictor & { readonly runner: ModelRunner };
  readonly clock: { nowMs: () => number; atMs: number };
}

/** `test` with the fixture project of windowed views, with one Redis per test file. */
export const test = base.extend<{ $file: { windows: WindowsServed } }>({
  windows: [
    async ({ redis }, use) => {
      const root = join(inject('testFolder'), `windows-${randomBytes(4).toString('hex')}`);
      await mkdir(root, { recursive: true });
      await cp(FIXTURE, root, { recursive: true });
      await writeLogisticArtifact(join(root, 'models', 'ad_pace'), {
        features: PACE_FEATURES,
        weights: PACE_WEIGHTS,
        output: 'score',
      });
      const project = await loadProject(join(root, 'larder.config.ts'));
      const connection = connectRedis(redis.url, { role: 'serving' });
      await waitForRedis(connection, 30_000);
      const onlineStore = createOnlineStore({
        redis: connection,
        project: project.name,
        keyHasher: async () => keyHasher(Buffer.alloc(32)),
      });
      const clock = { atMs: 1_795_200_000_000, nowMs: (): number => clock.atMs };
      const adPace = await fixturePredictor({
        project,
        onlineStore,
        model: 'ad_pace',
        clock,
      });
      const view = project.manifest.feature_views['ad_stats@1'] as WindowsServed['view'];
      await use({ project, onlineStore, view, adPace, clock });
      await adPace.runner.close();
      connection.disconnect();
    },
    { scope: 'file' },
  ],
});

export interface AdEvent {
  readonly atMs: number;
  readonly bid: number | null;
  readonly user: string;
}

/** Writes the tiles of these events, as landing does. */
export async function putEvents(
  { onlineStore, view }: Pick<WindowsServed, 'onlineStore' | 'view'>,
  adId: string,
  events: readonly AdEvent[],
): Promise<void> {
  const newestMs = Math.max(...events.map(({ atMs }) => atMs));
  const tiles = view.windowed.windows.flatMap(({ hop_ms: hopMs }, window): Tile[] => {
    const byIndex = Map.groupBy(events, ({ atMs }) => Math.floor(atMs / hopMs));
    return [...byIndex].map(([index, own]) => ({ window, index, version: 1, states: statesOf(own) }));
  });
  const order = { eventTimestampMs: newestMs, createdTimestampMs: newestMs + 2, revision: 7 };
  const entities = [{ entityKey: adId, tiles, ...order }];
  await onlineStore.writeTiles({ view, entities, nowMs: newestMs });
}

function statesOf(events: readonly AdEvent[]): Tile['states'] {
  const bids = events.flatMap(({ bid }) => (bid === null ? [] : [bid]));
  const sum = bids.reduce((all, bid) => all + bid, 0);
  const users = new DistinctSketch();
  for (const { user } of events) users.add(user);
  const max = bids.length === 0 ? null : Math.max(...bids);
  return [events.length, sum, sum, bids.length, max, bids.at(-1) ?? null, users.encode()];
}
