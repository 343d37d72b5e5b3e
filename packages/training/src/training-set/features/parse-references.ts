import { LarderError } from '@larder/core';
import { findFeatureView, viewRef, type InputManifest, type Manifest } from '@larder/features';

const REFERENCE = /^(?<view>[a-z][a-z0-9_]*)(?:@(?<version>[1-9]\d*))?(?::(?<feature>[a-z][a-z0-9_]*))?$/;

/**
 * The inputs that a list of references names, in its order: `ad_image` (all features of its newest version),
 * `ad_image@2:brightness`, `moment:hour_sin`.
 * @throws REQUEST_INVALID for a malformed or repeated reference and an unknown feature, VIEW_NOT_FOUND
 */
export function parseReferences(manifest: Manifest, references: readonly string[]): InputManifest[] {
  if (references.length === 0) throw invalid('There are no features; name at least one.');
  const inputs = references.map((reference) => parseReference(manifest, reference));
  const seen = new Set<string>();
  for (const { view, version, features } of inputs)
    for (const feature of features) {
      const name = `${version === null ? view : viewRef({ name: view, version })}:${feature}`;
      if (seen.has(name)) throw invalid(`The feature ${name} is named twice.`);
      seen.add(name);
    }
  return inputs;
}

function parseReference(manifest: Manifest, reference: string): InputManifest {
  const { view, version, feature } = REFERENCE.exec(reference)?.groups ?? {};
  if (view === undefined)
    throw invalid(
      `'${reference}' is not a reference of features; write view, view:feature or view@version:feature.`,
    );
  const onDemand = Object.hasOwn(manifest.on_demand_feature_views, view)
    ? manifest.on_demand_feature_views[view]
    : undefined;
  if (onDemand?.outputs !== undefined)
    throw invalid(`${view} is the post-processing of a model, which gives no features.`);
  if (onDemand !== undefined && version !== undefined)
    throw invalid(`${view} is an on-demand feature view, which has no versions; write ${view}.`);
  const found = onDemand ?? findFeatureView(manifest, version === undefined ? view : `${view}@${version}`);
  const names = found.schema.map(({ name }) => name);
  if (feature !== undefined && !names.includes(feature))
    throw invalid(`${view} has no feature '${feature}'; it has ${names.join(', ')}.`);
  return {
    view,
    version: 'version' in found ? found.version : null,
    features: feature === undefined ? names : [feature],
  };
}

function invalid(message: string): LarderError {
  return new LarderError('REQUEST_INVALID', message);
}
