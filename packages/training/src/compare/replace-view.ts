import { LarderError } from '@larder/core';
import {
  viewRef,
  type InputManifest,
  type Manifest,
  type OnDemandFeatureViewManifest,
} from '@larder/features';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';
import { sameType, type ComparableViews } from './comparable-views.ts';

/**
 * The definitions of a model that reads the later version of a view in place of the earlier one, itself and through
 * on-demand views.
 * @throws REQUEST_INVALID when the model does not read the earlier one, or a feature that it reads is missing or of
 * another type in the later one
 */
export function replaceView(
  { manifest, functionOf }: TrainingSetDefinitions,
  model: string,
  { before, after }: Pick<ComparableViews, 'before' | 'after'>,
): TrainingSetDefinitions {
  const own = manifest.models[model];
  if (own === undefined) throw new Error(`The content of ${model} lacks it.`);
  const read = new Set<string>();
  const replaced = (inputs: readonly InputManifest[]): InputManifest[] =>
    inputs.map((input) => {
      if (input.view !== before.name || input.version !== before.version) return input;
      for (const feature of input.features) read.add(feature);
      return { ...input, view: after.name, version: after.version };
    });
  const onDemand = [...onDemandViews(manifest, own.inputs)].map(
    (view) => [view.name, Object.assign({}, view, { inputs: replaced(view.inputs) })] as const,
  );
  const changed: Manifest = {
    ...manifest,
    feature_views: { ...manifest.feature_views, [viewRef(after)]: after },
    on_demand_feature_views: { ...manifest.on_demand_feature_views, ...Object.fromEntries(onDemand) },
    models: { ...manifest.models, [model]: { ...own, inputs: replaced(own.inputs) } },
  };
  if (read.size === 0) throw new LarderError('REQUEST_INVALID', `${model} does not read ${viewRef(before)}.`);
  const schemaOf = ({ schema }: typeof before) => new Map(schema.map((field) => [field.name, field]));
  const [was, now] = [schemaOf(before), schemaOf(after)];
  const unfit = [...read].filter((name) => {
    const field = was.get(name);
    return field === undefined || !sameType(field, now.get(name));
  });
  if (unfit.length > 0)
    throw new LarderError(
      'REQUEST_INVALID',
      `${model} reads ${unfit.join(', ')}, which ${viewRef(after)} lacks or has with another type; a new version of the model is needed.`,
    );
  return { manifest: changed, functionOf };
}

/** The on-demand views that these inputs read, directly and through each other. */
function onDemandViews(
  manifest: Manifest,
  inputs: readonly InputManifest[],
  found = new Set<OnDemandFeatureViewManifest>(),
): Set<OnDemandFeatureViewManifest> {
  for (const { view, version } of inputs) {
    const onDemand = version === null ? manifest.on_demand_feature_views[view] : undefined;
    if (onDemand === undefined || found.has(onDemand)) continue;
    found.add(onDemand);
    onDemandViews(manifest, onDemand.inputs, found);
  }
  return found;
}
