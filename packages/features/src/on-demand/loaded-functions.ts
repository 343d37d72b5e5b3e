import type { LoadedDefinitions } from '../project/loaded-project.ts';
import type { OnDemandFunction } from './on-demand-views.ts';

/** The functions of the definitions that this process loaded, by the name of their view or post-processing. */
export function loadedFunctions(
  project: Pick<LoadedDefinitions, 'onDemandFeatureViews' | 'postProcesses'>,
): (definition: { readonly name: string }) => OnDemandFunction {
  return ({ name }) => {
    const loaded = project.onDemandFeatureViews.get(name) ?? project.postProcesses.get(name);
    if (loaded === undefined) throw new Error(`The on-demand feature view ${name} is not loaded.`);
    return { compute: loaded.compute as OnDemandFunction['compute'] };
  };
}
