import type { ServedModel } from './served-model.ts';

interface ViewReading {
  readonly view: string;
  readonly status: string;
  readonly count: number;
}

/** Readings by view and status over all models, those that are served no more included. */
export interface StatusTotals {
  /** Takes over the counts of a model that leaves. */
  keep(model: ServedModel): void;
  list(): ViewReading[];
}

const STATUSES = ['PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE'] as const;

export function statusTotals(served: ReadonlyMap<string, ServedModel>): StatusTotals {
  const kept = new Map<string, ViewReading>();
  return {
    keep: (model) => add(kept, model),
    list() {
      const totals = new Map(kept);
      for (const model of served.values()) add(totals, model);
      return [...totals.values()];
    },
  };
}

function add(totals: Map<string, ViewReading>, { predictor }: ServedModel): void {
  for (const [v, { ref }] of predictor.plan.views.entries())
    for (const [s, status] of STATUSES.entries()) {
      const key = `${ref} ${status}`;
      const count = (totals.get(key)?.count ?? 0) + (predictor.statusCounts[3 * v + s] as number);
      totals.set(key, { view: ref, status, count });
    }
}
