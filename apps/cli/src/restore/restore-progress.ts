import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { countEntities, type OfflineStore } from '@larder/offline-store';
import type { Output } from '../output/output.ts';
import { stageProgress } from '../output/stage-progress.ts';

export interface RestoreProgress {
  readonly update: (view: string, rows: number) => void;
  stop(): void;
}

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
  const { update, stop } = stageProgress<string>(
    out,
    Object.fromEntries([...byRef.keys()].map((ref) => [ref, ref])),
  );
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
      update({ stage: ref, done: rows, total: total === null ? null : Math.max(total, rows) });
    },
    stop,
  };
}
