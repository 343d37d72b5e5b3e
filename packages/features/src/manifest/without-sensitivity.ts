import type { EntityManifest, FieldManifest, Manifest } from './manifest.ts';

/** Fields as they are meant: what the log keeps of them is a policy and may change at any time. */
export function withoutSensitivity(fields: readonly FieldManifest[]): readonly FieldManifest[] {
  if (fields.every(({ sensitive }) => sensitive === undefined)) return fields;
  return fields.map((field) => {
    const { sensitive: _, ...meaning } = field;
    return meaning;
  });
}

export function entityWithoutSensitivity(entity: EntityManifest): EntityManifest {
  return { ...entity, join_keys: withoutSensitivity(entity.join_keys) };
}

/** A manifest whose fields say nothing about the log. */
export function manifestWithoutSensitivity(manifest: Manifest): Manifest {
  return {
    ...manifest,
    entities: mapped(manifest.entities, entityWithoutSensitivity),
    feature_views: mapped(manifest.feature_views, (view) => ({
      ...view,
      schema: withoutSensitivity(view.schema),
    })),
    on_demand_feature_views: mapped(manifest.on_demand_feature_views, (view) => ({
      ...view,
      request: withoutSensitivity(view.request),
      schema: withoutSensitivity(view.schema),
    })),
  };
}

function mapped<D>(record: Readonly<Record<string, D>>, change: (definition: D) => D): Record<string, D> {
  return Object.fromEntries(Object.entries(record).map(([name, definition]) => [name, change(definition)]));
}
