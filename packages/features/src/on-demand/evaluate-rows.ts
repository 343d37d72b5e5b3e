import { LarderError } from '@larder/core';
import { evaluate, type OnDemandInputs, type OnDemandResult } from './evaluate.ts';
import type { CompiledOnDemandView, OnDemandViews } from './on-demand-views.ts';
import { SharedArguments, sharedViews, type SharedInputs } from './shared-inputs.ts';

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

/**
 * Evaluates on-demand feature views in dependency order, row by row. The functions are pure: what depends on `shared`
 * inputs alone is evaluated once, and rows with the same request share the results that depend only on it.
 */
export function createRowEvaluator(
  onDemand: OnDemandViews,
  inputs: OnDemandInputs,
  shared: SharedInputs | null = null,
): RowEvaluator {
  const { views } = onDemand;
  const results: OnDemandResult[] = [];
  const isShared = shared === null ? views.map(() => false) : sharedViews(onDemand, shared);
  const kept = shared === null ? null : views.map((view) => new SharedArguments(view, shared));
  /** A result that holds until the request changes; that of a shared view until the end. */
  const valid = views.map(() => false);
  let changed = false;
  const keepValid = (isValid: (view: CompiledOnDemandView) => boolean): void => {
    for (let v = 0; v < views.length; v++)
      if (isShared[v] !== true && !isValid(views[v] as CompiledOnDemandView)) valid[v] = false;
  };
  return {
    results,
    changed: () => changed,
    evaluate(sameRequest) {
      changed = false;
      keepValid((view) => sameRequest && view.requestOnly);
      for (let v = 0; v < views.length; v++) {
        if (valid[v] === true) continue;
        const result = evaluate(views[v] as CompiledOnDemandView, inputs, {
          earlier: results,
          shared: kept === null ? null : (kept[v] as SharedArguments),
        });
        if (result instanceof LarderError) {
          // The next row has what this one would have had: whoever reads the results has not seen them.
          keepValid(NONE);
          return result;
        }
        results[v] = result;
        valid[v] = true;
        changed = true;
      }
      return null;
    },
  };
}

const NONE = (): boolean => false;
