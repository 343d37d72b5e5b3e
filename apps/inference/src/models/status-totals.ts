import { featureReadings, STATUS_NAMES, type FeatureReading } from '@larder/serving';
import type { ServedModel } from './served-model.ts';

interface ViewReading {
  readonly view: string;
  readonly status: string;
  readonly count: number;
}

/** Readings over all model versions, including those out of service. */
export interface StatusTotals {
  /** Adds the counts of a model that goes out of service. */
  keep(model: ServedModel): void;
  /** By view and status. */
  list(): ViewReading[];
  /** By feature, status and source; only what occurred. */
  features(): FeatureReading[];
}

interface Totals {
  readonly views: Map<string, ViewReading>;
  readonly features: Map<string, FeatureReading>;
}

export function statusTotals(inService: () => Iterable<ServedModel>): StatusTotals {
  const kept: Totals = { views: new Map(), features: new Map() };
  return {
    keep(model) {
      addViews(kept.views, model);
      addFeatures(kept.features, model);
    },
    list() {
      const totals = new Map(kept.views);
      for (const model of inService()) addViews(totals, model);
      return [...totals.values()];
    },
    features() {
      const totals = new Map(kept.features);
      for (const model of inService()) addFeatures(totals, model);
      return [...totals.values()];
    },
  };
}

function addViews(totals: Totals['views'], { predictor }: ServedModel): void {
  for (const [v, { ref }] of predictor.plan.views.entries())
    for (const [s, status] of STATUS_NAMES.entries()) {
      const key = `${ref} ${status}`;
      const own = predictor.counts.statuses[STATUS_NAMES.length * v + s] as number;
      totals.set(key, { view: ref, status, count: (totals.get(key)?.count ?? 0) + own });
    }
}

function addFeatures(totals: Totals['features'], { predictor }: ServedModel): void {
  for (const reading of featureReadings(predictor.plan, predictor.counts)) {
    if (reading.count === 0) continue;
    const key = `${reading.feature} ${reading.status} ${reading.source}`;
    totals.set(key, { ...reading, count: (totals.get(key)?.count ?? 0) + reading.count });
  }
}
