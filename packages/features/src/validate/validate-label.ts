import { durationMsOrNaN } from '../definition/duration-option.ts';
import type { ModelLabel } from '../definition/model-label.ts';
import type { FeatureInput } from '../definition/pick.ts';
import { below, type Report } from './report.ts';
import { validateName } from './validate-names.ts';
import { validateWholeMs } from './validate-options.ts';

/** The options as written: a misspelled one must not pass as not given. */
const OPTIONS: readonly string[] = [
  'name',
  'horizon',
  'onSilence',
  'attribution',
] satisfies (keyof ModelLabel)[];
const ATTRIBUTION = "must be 'prediction_id', or like { entity: ad, window: '1d' }.";

/** The label of a model that reads `inputs`. */
export function validateLabel(
  label: ModelLabel | null,
  inputs: readonly FeatureInput[],
  report: Report,
): void {
  if (label === null) return;
  if (typeof label !== 'object')
    return report([], "must be like { name: 'clicked', horizon: '7d', onSilence: 'negative' }.");
  for (const name of Object.keys(label))
    if (!OPTIONS.includes(name)) report([name], `is not an option; the options are ${OPTIONS.join(', ')}.`);
  validateName(label.name, below(report, 'name'));
  validateWholeMs(label.horizon, durationMsOrNaN(label.horizon), 'a duration', below(report, 'horizon'));
  if (label.onSilence !== 'negative' && label.onSilence !== 'leave_out')
    report(['onSilence'], "must be 'negative' or 'leave_out'.");
  const { attribution = 'prediction_id' } = label;
  if (attribution === 'prediction_id') return;
  if (typeof attribution !== 'object' || attribution === null) return report(['attribution'], ATTRIBUTION);
  const at = below(report, 'attribution');
  if (attribution.entity?.kind !== 'entity') at(['entity'], 'must be an entity.');
  else if (!entitiesOf(inputs).has(attribution.entity.name))
    at(['entity'], `'${attribution.entity.name}' is the entity of no feature of the model.`);
  const { window } = attribution;
  validateWholeMs(window, durationMsOrNaN(window), 'a duration', below(at, 'window'));
}

function entitiesOf(inputs: readonly FeatureInput[]): Set<string> {
  const names = new Set<string>();
  if (!Array.isArray(inputs)) return names;
  for (const input of inputs as readonly FeatureInput[]) {
    const view = input?.kind === 'pick' ? input.view : input;
    if (view?.kind === 'feature_view') names.add(view.entity?.name);
    else if (view?.kind === 'on_demand_feature_view')
      for (const name of entitiesOf(view.inputs)) names.add(name);
  }
  return names;
}
