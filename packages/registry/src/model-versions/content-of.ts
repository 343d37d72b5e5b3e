import { viewRef, type InputManifest, type Manifest, type ModelManifest } from '@larder/features';
import type { ModelContent } from './model-content.ts';

/**
 * What one model of a manifest is made of: the manifest restricted to what the model reads.
 * @param bundles SHA-256 by on-demand view; only those that the model reads are kept
 */
export function contentOf(
  manifest: Manifest,
  name: string,
  bundles: Readonly<Record<string, string>>,
): ModelContent {
  const model = manifest.models[name];
  if (model === undefined) throw new Error(`The manifest has no model ${name}.`);
  const { views, onDemandViews } = readThrough(manifest, model);
  const featureViews = pick(manifest.feature_views, views);
  const entities = new Set(Object.values(featureViews).map(({ entity }) => entity));
  const connections = new Set(Object.values(featureViews).map(({ source }) => source.connection));
  const { event_sources: eventSources = {}, ...rest } = manifest;
  const readSources = pick(
    eventSources,
    new Set(Object.values(featureViews).flatMap(({ windowed }) => windowed?.event_source ?? [])),
  );
  return {
    format: 1,
    manifest: {
      ...rest,
      connections: manifest.connections.filter((each) => connections.has(each)),
      entities: pick(manifest.entities, entities),
      ...(Object.keys(readSources).length > 0 && { event_sources: readSources }),
      feature_views: featureViews,
      on_demand_feature_views: pick(manifest.on_demand_feature_views, onDemandViews),
      models: { [name]: model },
    },
    bundles: pick(bundles, onDemandViews),
  };
}

interface Read {
  /** References of view versions. */
  readonly views: ReadonlySet<string>;
  readonly onDemandViews: ReadonlySet<string>;
}

function readThrough(manifest: Manifest, { inputs, postprocess }: ModelManifest): Read {
  const views = new Set<string>();
  const onDemandViews = new Set(postprocess === undefined ? [] : [postprocess]);
  const collect = (each: readonly InputManifest[]): void => {
    for (const { view, version } of each) {
      if (version !== null) views.add(viewRef({ name: view, version }));
      else if (!onDemandViews.has(view)) {
        onDemandViews.add(view);
        collect(manifest.on_demand_feature_views[view]?.inputs ?? []);
      }
    }
  };
  collect(inputs);
  return { views, onDemandViews };
}

/** Keeps the order of the record. */
function pick<T>(record: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)));
}
