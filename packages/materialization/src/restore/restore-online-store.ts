import { LarderError, systemClock } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { windowedViewsOf, type OfflineStore, type WindowedView } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { replayedPages } from '../events/replay-tiles.ts';
import { createInsist } from './insist.ts';
import { createPace } from './pace.ts';
import { restoreTombstonesFirst } from './restore-tombstones-first.ts';
import { restoreView } from './restore-view.ts';

export interface RestoreDeps {
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly manifest: Manifest;
  readonly signal: AbortSignal;
  /** Remarks for a person: a store is away, Redis lost data meanwhile. */
  readonly onRemark: (text: string) => void;
}

export interface RestoreOptions {
  readonly views: readonly FeatureViewManifest[];
  /** Only rows that landed since; windows are restored whole. @default everything */
  readonly landedSince?: Date | null;
  /** @default no limit */
  readonly maxRowsPerSecond?: number;
  /** Called as rows are written. */
  readonly onProgress?: (view: string, rows: number) => void;
}

export interface RestoredView {
  readonly ref: string;
  /** Rows that history has for the online store; of a windowed view, entities. */
  readonly rows: number;
  /** Of them: the online store had none. Null: not known. */
  readonly created: number | null;
  /** Of them: the online store had a newer one. Null: not known. */
  readonly newer: number | null;
  /** Keys whose tombstone is in Redis, at most `MAX_ERASED`. */
  readonly erased: readonly string[];
}

export interface RestoreReport {
  readonly tombstones: number;
  readonly views: readonly RestoredView[];
}

const MAX_ERASED = 1_000;
/** A landing is in history first; how long the online store may follow later. */
const LANDING_MS = 10 * 60_000;
const ATTEMPTS = 5;

/**
 * Fills the online store from history without computing anything: tombstones first, then the newest row of every key and the
 * tiles of windows. Landings, readers and other restores may go on; repeating it changes nothing. When Redis loses its data
 * meanwhile, it starts over.
 * @throws ONLINE_STORE_UNAVAILABLE when Redis lost its data again and again
 */
export async function restoreOnlineStore(deps: RestoreDeps, options: RestoreOptions): Promise<RestoreReport> {
  const { onlineStore, signal, onRemark } = deps;
  const insist = createInsist({ signal, onWaiting: onRemark });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const mark = await insist(() => onlineStore.markRestoring());
    const report = await restoreAll(deps, options, insist);
    const held = await insist(() => mark.held());
    await insist(() => mark.clear());
    if (held) return report;
    onRemark('Redis was restarted, replaced or emptied meanwhile; starting over.');
  }
  throw new LarderError(
    'ONLINE_STORE_UNAVAILABLE',
    `Redis lost its data ${ATTEMPTS} times while it was restored. Look at its log, then repeat this.`,
  );
}

type Insist = ReturnType<typeof createInsist>;

async function restoreAll(
  deps: RestoreDeps,
  options: RestoreOptions,
  insist: Insist,
): Promise<RestoreReport> {
  const { store, onlineStore, manifest, signal } = deps;
  const { project } = manifest;
  const tombstones = await insist(() => restoreTombstonesFirst(store, onlineStore, { project, signal }));
  const views: RestoredView[] = [];
  const pace =
    options.maxRowsPerSecond === undefined ? undefined : createPace(options.maxRowsPerSecond, signal);
  for (const view of options.views.filter(({ windowed }) => windowed === undefined)) {
    const ref = viewRef(view);
    const restored = { ref, rows: 0, created: 0, newer: 0, erased: [] as string[] };
    await restoreView({
      ...deps,
      view,
      landedSince: options.landedSince == null ? null : new Date(options.landedSince.getTime() - LANDING_MS),
      insist,
      ...(pace && { pace }),
      onRows({ created, replaced, stale, erased }) {
        restored.rows += created + replaced + stale + erased.length;
        restored.created += created;
        restored.newer += stale;
        for (const key of erased) if (restored.erased.length < MAX_ERASED) restored.erased.push(key);
        options.onProgress?.(ref, restored.rows);
      },
    });
    views.push(restored);
  }
  const windowed = options.views.filter((view) => view.windowed !== undefined);
  if (windowed.length > 0)
    views.push(...(await restoreAllWindows(deps, { ...options, views: windowed }, insist)));
  return { tombstones, views };
}

/** When these are all windows of the project, Redis notes that it has them; a worker would write them once more otherwise. */
async function restoreAllWindows(
  { store, onlineStore, manifest, signal }: RestoreDeps,
  { views, onProgress }: RestoreOptions,
  insist: Insist,
): Promise<RestoredView[]> {
  const all = Object.values(manifest.feature_views).filter(({ windowed }) => windowed !== undefined);
  const recorded: WindowedView[] = [];
  for (const source of Object.values(manifest.event_sources ?? {}))
    recorded.push(...(await insist(() => windowedViewsOf(store, manifest.project, source))));
  const chosen = recorded.filter((each) =>
    views.some(({ fingerprint }) => fingerprint === each.manifest.fingerprint),
  );
  let restored = new Map<string, number>();
  async function* pages(): AsyncGenerator<number> {
    restored = new Map(views.map((view) => [viewRef(view), 0]));
    for (const view of chosen)
      for await (const entities of replayedPages(view, { store, onlineStore, clock: systemClock })) {
        const ref = viewRef(view.manifest);
        const rows = (restored.get(ref) ?? 0) + entities;
        restored.set(ref, rows);
        onProgress?.(ref, rows);
        signal.throwIfAborted();
        yield entities;
      }
  }
  await insist(async () => {
    const noted =
      views.length === all.length && (await onlineStore.restoreWindows({ pages: pages(), signal })) !== null;
    if (!noted) for await (const _ of pages());
  });
  return Array.from(restored, ([ref, rows]) => ({ ref, rows, created: null, newer: null, erased: [] }));
}
