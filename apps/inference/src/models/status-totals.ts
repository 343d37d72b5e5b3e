import { STATUS_NAMES } from '@larder/serving';
import type { ServedModel } from './served-model.ts';

interface ViewReading {
  readonly view: string;
  readonly status: string;
  readonly count: number;
}

/** Readings by view and status over all model versions, including those out of service. */
export interface StatusTotals {
  /** Adds the counts of a model that goes out of service. */
  keep(model: ServedModel): void;
  list(): ViewReading[];
}

export function statusTotals(inService: () => Iterable<ServedModel>): StatusTotals {
  const kept = new Map<string, ViewReading>();
  return {
    keep: (model) => add(kept, model),
    list() {
      const totals = new Map(kept);
      for (const model of inService()) add(totals, model);
      return [...totals.values()];
    },
  };
}

function add(totals: Map<string, ViewReading>, { predictor }: ServedModel): void {
  for (const [v, { ref }] of predictor.plan.views.entries())
    for (const [s, status] of STATUS_NAMES.entries()) {
      const key = `${ref} ${status}`;
      const count =
        (totals.get(key)?.count ?? 0) + (predictor.statusCounts[STATUS_NAMES.length * v + s] as number);
      totals.set(key, { view: ref, status, count });
    }
}
