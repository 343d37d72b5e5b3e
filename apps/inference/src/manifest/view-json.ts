import type {
  EntitiesAnswer,
  FeatureViewAnswer,
  OnDemandFeatureViewAnswer,
  ViewAnswer,
} from '@larder/contracts';
import {
  findFeatureView,
  viewRef,
  type FeatureViewManifest,
  type FieldManifest,
  type InputManifest,
  type Manifest,
  type OnDemandFeatureViewManifest,
} from '@larder/features';
import { standingJson, type ViewStanding, type ViewStandings } from '@larder/materialization/views';

/** The state of views is unknown: PostgreSQL is down. */
export const NO_STANDINGS: ViewStandings = () => ({ schedule: null, freshness: null });

/** Lists every feature view version and on-demand view. */
export function viewsJson(manifest: Manifest, standings: ViewStandings): ViewAnswer[] {
  return [
    ...Object.values(manifest.feature_views).map((view) =>
      featureViewJson(manifest, view, standings(viewRef(view))),
    ),
    ...Object.values(manifest.on_demand_feature_views).map((view) => onDemandViewJson(manifest, view)),
  ];
}

/** Finds a view by the name that a person writes. @throws VIEW_NOT_FOUND */
export function viewJson(manifest: Manifest, name: string, standings: ViewStandings): ViewAnswer {
  const onDemand = Object.hasOwn(manifest.on_demand_feature_views, name)
    ? manifest.on_demand_feature_views[name]
    : undefined;
  if (onDemand !== undefined) return onDemandViewJson(manifest, onDemand);
  const view = findFeatureView(manifest, name);
  return featureViewJson(manifest, view, standings(viewRef(view)));
}

export function entitiesJson(manifest: Manifest): EntitiesAnswer {
  return {
    entities: Object.values(manifest.entities).map(({ name, join_keys }) => ({
      entity: name,
      join_keys: fieldsJson(join_keys),
      views: Object.values(manifest.feature_views)
        .filter((view) => view.entity === name)
        .map(viewRef),
    })),
  };
}

/** Feature names: `ad_image@1:brightness`, or `moment:hour_sin` for on-demand views. */
export function inputsJson(inputs: readonly InputManifest[]): string[] {
  return inputs.flatMap(({ view, version, features }) =>
    features.map((feature) => `${version === null ? view : viewRef({ name: view, version })}:${feature}`),
  );
}

export function fieldsJson(fields: readonly FieldManifest[]): FeatureViewAnswer['schema'] {
  return fields.map((field) => ({ ...field }));
}

function featureViewJson(
  manifest: Manifest,
  view: FeatureViewManifest,
  standing: ViewStanding,
): FeatureViewAnswer {
  return {
    kind: 'feature_view',
    ref: viewRef(view),
    view: view.name,
    version: view.version,
    newest: findFeatureView(manifest, view.name) === view,
    entity: view.entity,
    join_keys: (manifest.entities[view.entity]?.join_keys ?? []).map(({ name }) => name),
    schema: fieldsJson(view.schema),
    source: { ...view.source },
    compute: view.compute === null ? null : { kind: view.compute.kind, options: { ...view.compute.options } },
    ttl_ms: view.ttl_ms,
    schedule: view.schedule,
    ...standingJson(standing),
    available_after_ms: view.available_after_ms,
    chunk_rows: view.chunk_rows,
    when_gone: view.when_gone ?? null,
    retention_ms: view.retention_ms ?? 'forever',
    freshness_objective_ms: view.freshness_objective_ms ?? null,
    partial_push: { ...view.partial_push },
    used_by: readersOf(manifest, { view: view.name, version: view.version }),
    owner: view.owner,
    tags: { ...view.tags },
    fingerprint: view.fingerprint,
  };
}

function onDemandViewJson(manifest: Manifest, view: OnDemandFeatureViewManifest): OnDemandFeatureViewAnswer {
  return {
    kind: 'on_demand_feature_view',
    view: view.name,
    reads_outputs: view.outputs === undefined ? null : fieldsJson(view.outputs),
    request: fieldsJson(view.request),
    inputs: inputsJson(view.inputs),
    schema: fieldsJson(view.schema),
    used_by: readersOf(manifest, { view: view.name, version: null }),
    code_sha256: view.code_sha256,
  };
}

/** Models that read the view, directly or through on-demand views. */
function readersOf(manifest: Manifest, read: Pick<InputManifest, 'view' | 'version'>): string[] {
  const reads = (inputs: readonly InputManifest[]): boolean =>
    inputs.some(
      ({ view, version }) =>
        (view === read.view && version === read.version) ||
        (version === null && reads(manifest.on_demand_feature_views[view]?.inputs ?? [])),
    );
  return Object.values(manifest.models)
    .filter(({ inputs, postprocess }) => reads(inputs) || postprocess === read.view)
    .map(({ name }) => name);
}
