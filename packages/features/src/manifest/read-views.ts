import { findFeatureView } from './find-feature-view.ts';
import { parentsOf } from './parents-of.ts';
import { viewRef, type InputManifest, type Manifest } from './manifest.ts';

/** A view version that a served version of a model reads, whatever the definitions say. */
export interface ServedView {
  readonly model: string;
  readonly view: string;
}

/**
 * References of the view versions that something reads: those of models, including through on-demand views, the newest
 * version of each view, which is what a reference without a version means, and the views that any of these are computed
 * from.
 * @param inService of models that were dropped, which nobody serves any more, nothing counts
 */
export function readViews(manifest: Manifest, inService: Iterable<ServedView> = []): Set<string> {
  const read = new Set<string>();
  const add = (ref: string): void => {
    if (read.has(ref)) return;
    read.add(ref);
    const view = manifest.feature_views[ref];
    for (const parent of view === undefined ? [] : parentsOf(manifest, view)) add(viewRef(parent));
  };
  for (const { name } of Object.values(manifest.feature_views)) add(viewRef(findFeatureView(manifest, name)));
  const collect = (inputs: readonly InputManifest[]): void => {
    for (const { view: name, version } of inputs) {
      if (version === null) collect(manifest.on_demand_feature_views[name]?.inputs ?? []);
      else add(viewRef({ name, version }));
    }
  };
  for (const { inputs } of Object.values(manifest.models)) collect(inputs);
  for (const { model, view } of inService) if (Object.hasOwn(manifest.models, model)) add(view);
  return read;
}
