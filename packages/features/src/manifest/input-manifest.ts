import type { FeatureInput } from '../definition/pick.ts';
import type { InputManifest } from './manifest.ts';

export function inputManifest(input: FeatureInput): InputManifest {
  const view = input.kind === 'pick' ? input.view : input;
  return {
    view: view.name,
    version: view.kind === 'feature_view' ? view.version : null,
    features: input.kind === 'pick' ? [...input.features] : Object.keys(view.schema),
  };
}
