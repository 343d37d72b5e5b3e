import { viewRef } from '../manifest/manifest.ts';
import { fieldManifests } from '../manifest/field-manifest.ts';
import { inputManifest } from '../manifest/input-manifest.ts';
import { compileOnDemandViews } from './compile-on-demand-views.ts';
import type { OnDemandFeatureView } from './on-demand-feature-view.ts';
import type { OnDemandFunction, OnDemandViews } from './on-demand-views.ts';

/** Compiles one on-demand feature view whose inputs are all given, including those from other on-demand views: for unit tests. */
export function compileAlone(view: OnDemandFeatureView): OnDemandViews {
  const inputs = view.inputs.map((input) => ({ ...inputManifest(input), version: GIVEN }));
  const schemas = view.inputs.map((input) => {
    const { name, schema } = input.kind === 'pick' ? input.view : input;
    return [viewRef({ name, version: GIVEN }), { schema: fieldManifests(schema) }] as const;
  });
  const { name, request, schema } = view;
  const definition = { name, inputs, request: fieldManifests(request), schema: fieldManifests(schema) };
  return compileOnDemandViews({
    inputs: [{ view: name, version: null, features: [] }],
    manifest: {
      feature_views: Object.fromEntries(schemas),
      on_demand_feature_views: { [name]: definition },
    },
    functionOf: () => ({ compute: view.compute as OnDemandFunction['compute'] }),
  });
}

/** Used instead of a version: marks a feature that is given, not evaluated. */
const GIVEN = 0;
