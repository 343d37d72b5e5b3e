import type { FeatureInput } from '../definition/pick.ts';
import { below, type Report } from './report.ts';
import { isField } from './validate-fields.ts';

/** What a model or on-demand view reads, one entry for each feature, in order. */
export interface InputFeature {
  readonly index: number;
  readonly view: Extract<FeatureInput, { readonly schema: unknown }>;
  readonly name: string;
}

/** Checks the list of `features`; returns the entries that can be checked further. */
export function validateInputs(inputs: readonly FeatureInput[], report: Report): InputFeature[] {
  if (!Array.isArray(inputs)) {
    report([], 'must be a list of feature views, on-demand feature views and picks.');
    return [];
  }
  return inputs.flatMap((input: FeatureInput, index) => featuresOf(input, index, below(report, index)));
}

function featuresOf(input: FeatureInput, index: number, report: Report): InputFeature[] {
  const view = input?.kind === 'pick' ? input.view : input;
  if (view?.kind !== 'feature_view' && view?.kind !== 'on_demand_feature_view') {
    report([], 'is not a feature view, an on-demand feature view or a pick of one.');
    return [];
  }
  const known = Object.keys(view.schema ?? {});
  const names = input.kind === 'pick' ? input.features : known;
  if (input.kind === 'pick' && names.length === 0)
    report([], `pick() of '${view.name}' must name at least one feature.`);
  return names.flatMap((name) => {
    if (isField(view.schema?.[name])) return [{ index, view, name }];
    if (input.kind === 'pick')
      report([], `'${view.name}' has no feature '${name}'; it has ${known.join(', ')}.`);
    return [];
  });
}

export function validateNoRepeats(features: readonly InputFeature[], report: Report): void {
  const seen = new Set<string>();
  for (const { index, view, name } of features) {
    const ref = `${view.name}:${name}`;
    if (seen.has(ref)) report([index], `'${ref}' is listed more than once.`);
    seen.add(ref);
  }
}

/** `features.ad_stats` is one object, so one entry of the list must provide all of it. Returns the features of first entries. */
export function validateEachViewOnce(features: readonly InputFeature[], report: Report): InputFeature[] {
  const first = new Map<string, number>();
  const repeated = new Set<number>();
  return features.filter(({ index, view: { name } }) => {
    if (!first.has(name)) first.set(name, index);
    if (first.get(name) === index) return true;
    if (!repeated.has(index))
      report([index], `'${name}' is listed more than once; pick all of its features in one entry.`);
    repeated.add(index);
    return false;
  });
}

/** `view:feature` means one version of the view. */
export function validateOneVersion(features: readonly InputFeature[], report: Report): void {
  const views = new Map<string, InputFeature['view']>();
  for (const { index, view } of features) {
    const first = views.get(view.name) ?? view;
    if (first !== view) {
      report([index], `'${view.name}' is read here and above as two different views or versions; read one.`);
    }
    views.set(view.name, first);
  }
}
