import type { FeatureViewManifest } from '@larder/features';
import { countEntities, type HistoryProject, type OfflineStore } from '@larder/offline-store';

/** Counts of entities in history, kept between turns: one count reads the whole table. */
export interface EntityCounts {
  /**
   * Entities of a view version. Null: not counted now, because it is too soon after the last count.
   * @param landedAt when rows last landed: an unchanged view version is not counted again; null: any count is good enough
   */
  of(project: HistoryProject, view: FeatureViewManifest, landedAt: Date | null): Promise<number | null>;
}

interface Counted {
  readonly entities: number;
  readonly landedAtMs: number | null;
  readonly countedAtMs: number;
}

/** @param pauseMs between two counts of a view version */
export function createEntityCounts(
  store: Pick<OfflineStore, 'transaction'>,
  { pauseMs }: { readonly pauseMs: number },
): EntityCounts {
  const known = new Map<string, Counted>();
  return {
    async of(project, view, landedAt) {
      const ref = `${project.project} ${view.name}@${view.version}`;
      const before = known.get(ref);
      const landedAtMs = landedAt?.getTime() ?? null;
      const nowMs = performance.now();
      if (before !== undefined && (landedAtMs === null || before.landedAtMs === landedAtMs))
        return before.entities;
      if (before !== undefined && nowMs - before.countedAtMs < pauseMs) return null;
      const entities = await countEntities(store, project, view);
      if (entities !== null) known.set(ref, { entities, landedAtMs, countedAtMs: nowMs });
      return entities;
    },
  };
}
