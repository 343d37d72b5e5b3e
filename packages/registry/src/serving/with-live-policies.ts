import type { FeatureViewManifest, FieldManifest, Manifest, ModelManifest } from '@larder/features';

/**
 * A manifest of earlier definitions with the policies that are applied now: those of a view version or model that is no
 * longer applied stay as they were. Apart from what the log keeps of their fields, entities, schemas, inputs and missing values are the meaning of a model version and
 * are not touched.
 */
export function withLivePolicies(content: Manifest, applied: Manifest): Manifest {
  return {
    ...content,
    entities: mapped(content.entities, (name, entity) => ({
      ...entity,
      join_keys: fieldsUnder(entity.join_keys, member(applied.entities, name)?.join_keys),
    })),
    on_demand_feature_views: mapped(content.on_demand_feature_views, (name, view) => {
      const live = member(applied.on_demand_feature_views, name);
      return {
        ...view,
        request: fieldsUnder(view.request, live?.request),
        schema: fieldsUnder(view.schema, live?.schema),
      };
    }),
    feature_views: mapped(content.feature_views, (ref, view) =>
      viewUnder(view, member(applied.feature_views, ref)),
    ),
    models: mapped(content.models, (name, model) => modelUnder(model, member(applied.models, name))),
  };
}

function viewUnder(view: FeatureViewManifest, live: FeatureViewManifest | undefined): FeatureViewManifest {
  if (live === undefined) return view;
  const { ttl_ms, schedule, owner, tags } = live;
  return { ...view, ttl_ms, schedule, owner, tags, schema: fieldsUnder(view.schema, live.schema) };
}

function modelUnder(model: ModelManifest, live: ModelManifest | undefined): ModelManifest {
  if (live === undefined) return model;
  const { deadline_ms, when_store_unavailable, owner, tags, label, mode } = live;
  const { label: _, mode: __, ...meaning } = model;
  return {
    ...meaning,
    deadline_ms,
    when_store_unavailable,
    owner,
    tags,
    ...(label !== undefined && { label }),
    ...(mode !== undefined && { mode }),
  };
}

/** What the log keeps of a field is a policy; a field that is no longer applied keeps its own. */
function fieldsUnder(
  fields: readonly FieldManifest[],
  applied: readonly FieldManifest[] = [],
): readonly FieldManifest[] {
  return fields.map((field) => {
    const live = applied.find(({ name }) => name === field.name);
    if (live === undefined || live.sensitive === field.sensitive) return field;
    const { sensitive: _, ...meaning } = field;
    return live.sensitive === undefined ? meaning : { ...meaning, sensitive: live.sensitive };
  });
}

function mapped<D>(record: Readonly<Record<string, D>>, change: (name: string, definition: D) => D) {
  return Object.fromEntries(
    Object.entries(record).map(([name, definition]) => [name, change(name, definition)]),
  );
}

function member<D>(record: Readonly<Record<string, D>>, name: string): D | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
