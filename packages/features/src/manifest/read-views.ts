import { findFeatureView } from './find-feature-view.ts';
import { viewRef, type InputManifest, type Manifest } from './manifest.ts';

/**
 * References of the view versions that something reads: those of models, including through on-demand views, and the
 * newest version of each view, which is what a reference without a version means.
 */
export function readViews(manifest: Manifest): Set<string> {
  const read = new Set(
    Object.values(manifest.feature_views).map(({ name }) => viewRef(findFeatureView(manifest, name))),
  );
  const collect = (inputs: readonly InputManifest[]): void => {
    for (const { view: name, version } of inputs) {
      if (version === null) collect(manifest.on_demand_feature_views[name]?.inputs ?? []);
      else read.add(viewRef({ name, version }));
    }
  };
  for (const { inputs } of Object.values(manifest.models)) collect(inputs);
  return read;
}
