import { LarderError } from '@larder/core';
import { evaluate, type OnDemandInputs, type OnDemandResult } from './evaluate.ts';
import type { CompiledOnDemandView, OnDemandViews } from './on-demand-views.ts';

export interface RowEvaluator {
  /**
   * Evaluates every view for the current row of the inputs; returns why one failed, or null.
   * `sameRequest`: the row has the same request fields as the row before.
   */
  evaluate(sameRequest: boolean): LarderError | null;
  /** False when the last evaluated row has the same results as the row before it. */
  changed(): boolean;
  /** Results of the last evaluated row, by the views' places; the next row overwrites them. */
  readonly results: readonly OnDemandResult[];
}

/** Evaluates on-demand feature views in dependency order, row by row. */
export function createRowEvaluator({ views }: OnDemandViews, inputs: OnDemandInputs): RowEvaluator {
  const results: OnDemandResult[] = [];
  let complete = false;
  let changed = false;
  return {
    results,
    changed: () => changed,
    evaluate(sameRequest) {
      // The functions are pure: rows with the same request share the results that depend only on it.
      const shared = sameRequest && complete;
      complete = false;
      changed = false;
      for (let v = 0; v < views.length; v++) {
        const view = views[v] as CompiledOnDemandView;
        if (shared && view.requestOnly) continue;
        const result = evaluate(view, inputs, results);
        if (result instanceof LarderError) return result;
        results[v] = result;
        changed = true;
      }
      complete = true;
      return null;
    },
  };
}
