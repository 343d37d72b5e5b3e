import type { Manifest } from '@larder/features';

export interface CarriedOver {
  /** What an apply makes the project's definitions. */
  readonly manifest: Manifest;
  /** Subjects that are applied and not in the configuration: `view ad_image@1`, `model ad_ctr`. */
  readonly retained: readonly string[];
}

/** Applying only adds: the configuration, and everything applied that it lacks. */
export function carryOver(applied: Manifest, config: Manifest): CarriedOver {
  const retained: string[] = [];
  const views = lacking('view', applied.feature_views, config.feature_views);
  const sources = lacking('event source', applied.event_sources ?? {}, config.event_sources ?? {});
  const eventSources = merged(sources, config.event_sources ?? {});
  const connections = new Set([
    ...config.connections,
    ...Object.values(views).flatMap(({ source }) => source.connection ?? []),
    ...Object.values(sources).flatMap(({ backfill }) => backfill?.connection ?? []),
  ]);
  const manifest: Manifest = {
    ...config,
    connections: [...connections].sort(),
    entities: merged(lacking('entity', applied.entities, config.entities), config.entities),
    ...(Object.keys(eventSources).length > 0 && { event_sources: eventSources }),
    feature_views: merged(views, config.feature_views),
    on_demand_feature_views: merged(
      lacking('on-demand view', applied.on_demand_feature_views, config.on_demand_feature_views),
      config.on_demand_feature_views,
    ),
    models: merged(lacking('model', applied.models, config.models), config.models),
  };
  return { manifest, retained: retained.sort() };

  function lacking<D>(
    kind: string,
    was: Readonly<Record<string, D>>,
    now: Readonly<Record<string, D>>,
  ): Record<string, D> {
    const names = Object.keys(was).filter((name) => !Object.hasOwn(now, name));
    retained.push(...names.map((name) => `${kind} ${name}`));
    return Object.fromEntries(names.map((name) => [name, was[name] as D]));
  }
}

/** Sorted by key, as every map of a manifest. */
function merged<D>(was: Readonly<Record<string, D>>, now: Readonly<Record<string, D>>): Record<string, D> {
  const entries = Object.entries({ ...was, ...now });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
