import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { countEntities, type OfflineStore } from '@larder/offline-store';
import type { Output } from '../output/output.ts';
import { stageProgress, type Progress, type StageProgress } from '../output/stage-progress.ts';

export interface RestoreProgress {
  readonly update: (view: string, rows: number) => void;
  /** Entities of the online store that were compared with history. */
  readonly looked: (entities: number) => void;
  /** Leaves the terminal to others, until the next update. */
  stop(): void;
}

/** No view has this name. */
const LOOKING = '';

/** Rows of the view at hand, their speed, and the time left once its keys are counted, which happens meanwhile. */
export function restoreProgress(
  out: Output,
  {
    store,
    manifest,
    views,
  }: {
    readonly store: OfflineStore;
    readonly manifest: Manifest;
    readonly views: readonly FeatureViewManifest[];
  },
): RestoreProgress {
  const byRef = new Map(views.map((view) => [viewRef(view), view]));
  let shown: StageProgress<string> | null = null;
  const show = (progress: Progress<string>): void => {
    shown ??= stageProgress<string>(
      out,
      {
        [LOOKING]: 'looking through Redis, entities',
        ...Object.fromEntries([...byRef.keys()].map((ref) => [ref, ref])),
      },
      [LOOKING],
    );
    shown.update(progress);
  };
  const totals = new Map<string, number | null>();
  const count = (ref: string): void => {
    const view = byRef.get(ref);
    totals.set(ref, null);
    // Of a view with a TTL it is the most: how many rows are beyond it is not known.
    if (view === undefined || view.windowed !== undefined) return;
    countEntities(store, manifest, view).then(
      (total) => void totals.set(ref, total),
      () => {},
    );
  };
  return {
    update(ref, rows) {
      if (!totals.has(ref)) count(ref);
      const total = totals.get(ref) ?? null;
      show({ stage: ref, done: rows, total: total === null ? null : Math.max(total, rows) });
    },
    looked: (entities) => show({ stage: LOOKING, done: entities, total: null }),
    stop() {
      shown?.stop();
      shown = null;
    },
  };
}
