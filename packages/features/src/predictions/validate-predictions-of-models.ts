import type { PredictMode } from '../definition/model.ts';
import { viewRef } from '../manifest/manifest.ts';
import type { Definitions } from '../project/collect-definitions.ts';
import { below, type Report } from '../validate/report.ts';

const MODES: ReadonlySet<unknown> = new Set<PredictMode>(['live', 'precomputed', 'precomputed_or_live']);

/** A request finds the predictions of its model by the model alone: there is one view of them, in one or more versions. */
export function validatePredictionsOfModels(
  { featureViews, models }: Pick<Definitions, 'featureViews' | 'models'>,
  report: Report,
): void {
  const names = new Map<string, string>();
  for (const view of featureViews) {
    const model = view.predicts?.model?.name;
    if (model === undefined) continue;
    const name = names.get(model) ?? view.name;
    names.set(model, name);
    if (name !== view.name)
      report(
        ['feature_views', viewRef(view), 'model'],
        `'${model}' has its predictions in '${name}'; a model has one view of them.`,
      );
  }
  for (const { name, mode } of models) {
    const reportMode = below(report, 'models', name, 'mode');
    if (!MODES.has(mode)) reportMode([], `must be one of ${[...MODES].join(', ')}.`);
    else if (mode !== 'live' && !names.has(name))
      reportMode([], `is '${mode}', and no precomputedPredictions(…) of '${name}' are defined.`);
  }
}
