import type { FeatureViewManifest, Manifest, ModelManifest } from '@larder/features';

/**
 * A manifest of earlier definitions with the policies that are applied now: those of a view version or model that is no
 * longer applied stay as they were. Entities, schemas, inputs and missing values are the meaning of a model version and
 * are not touched.
 */
export function withLivePolicies(content: Manifest, applied: Manifest): Manifest {
  return {
    ...content,
    feature_views: mapped(content.feature_views, (ref, view) =>
      viewUnder(view, member(applied.feature_views, ref)),
    ),
    models: mapped(content.models, (name, model) => modelUnder(model, member(applied.models, name))),
  };
}

function viewUnder(view: FeatureViewManifest, live: FeatureViewManifest | undefined): FeatureViewManifest {
  if (live === undefined) return view;
  const { ttl_ms, schedule, owner, tags } = live;
  return { ...view, ttl_ms, schedule, owner, tags };
}

function modelUnder(model: ModelManifest, live: ModelManifest | undefined): ModelManifest {
  if (live === undefined) return model;
  const { deadline_ms, when_store_unavailable, owner, tags } = live;
  return { ...model, deadline_ms, when_store_unavailable, owner, tags };
}

function mapped<D>(record: Readonly<Record<string, D>>, change: (name: string, definition: D) => D) {
  return Object.fromEntries(
    Object.entries(record).map(([name, definition]) => [name, change(name, definition)]),
  );
}

function member<D>(record: Readonly<Record<string, D>>, name: string): D | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
