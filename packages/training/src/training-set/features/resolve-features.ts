import { LarderError } from '@larder/core';
import {
  compileOnDemandViews,
  declaredDefault,
  namedInputs,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type FieldValue,
  type InputManifest,
  type Manifest,
  type OnDemandFeature,
  type OnDemandViews,
} from '@larder/features';
import type { TrainingSetDefinitions } from '../build-training-set.ts';
import type { TrainingSetManifest } from '../training-set-manifest.ts';
import type { RequestedFeatures } from '../training-set-request.ts';
import { parseReferences } from './parse-references.ts';

/** What a training set must join and compute, and the columns that come of it. */
export interface ResolvedFeatures {
  readonly model: TrainingSetManifest['model'];
  /** Columns of the set, in order. */
  readonly columns: readonly FeatureColumn[];
  /** One join per entity. */
  readonly groups: readonly JoinGroup[];
  readonly onDemand: OnDemandViews;
  /** Places of the features that the functions read: by view and feature of `onDemand.storedViews`. */
  readonly storedPlaces: readonly (readonly StoredPlace[])[];
  readonly joinKeys: readonly FieldManifest[];
  readonly requestFields: readonly FieldManifest[];
}

export interface JoinGroup {
  readonly entity: EntityManifest;
  readonly views: readonly {
    readonly view: FeatureViewManifest;
    readonly features: readonly FieldManifest[];
  }[];
}

/** A joined feature: indexes into the groups, their views, and the views' features. */
export interface StoredPlace {
  readonly group: number;
  readonly view: number;
  readonly feature: number;
}

export type FeatureColumn = {
  /** Name in the set. */
  readonly name: string;
  readonly field: FieldManifest;
  readonly view: string;
  /** Null: none declared. */
  readonly defaultValue: FieldValue;
} & (
  | { readonly kind: 'history'; readonly version: number; readonly place: StoredPlace }
  | {
      readonly kind: 'on_demand';
      /** Index in `OnDemandViews.views`. */
      readonly onDemandView: number;
      readonly feature: OnDemandFeature;
    }
);

/** @throws REQUEST_INVALID, VIEW_NOT_FOUND, MODEL_NOT_FOUND */
export function resolveFeatures(
  { manifest, functionOf }: TrainingSetDefinitions,
  requested: RequestedFeatures,
): ResolvedFeatures {
  const inputs =
    requested.kind === 'list'
      ? parseReferences(manifest, requested.references)
      : modelInputs(manifest, requested.model);
  const onDemand = compileOnDemandViews({ inputs, manifest, functionOf });
  const joins = new Joins(manifest);
  const versionsOf = new Map<string, Set<number | null>>();
  for (const { view, version } of inputs) {
    const versions = versionsOf.get(view) ?? new Set();
    versionsOf.set(view, versions.add(version));
  }
  const columns = inputs.flatMap(({ view, version, features }) =>
    features.map((feature): FeatureColumn => {
      const several = (versionsOf.get(view)?.size ?? 0) > 1;
      const name = `${several && version !== null ? viewRef({ name: view, version }) : view}:${feature}`;
      if (version === null) {
        const onDemandView = onDemand.views.findIndex((candidate) => candidate.name === view);
        const found = onDemand.views[onDemandView]?.features.find((each) => each.name === feature);
        if (found === undefined) throw new Error(`${view} has no feature ${feature}.`);
        const { field, defaultValue } = found;
        return { kind: 'on_demand', name, view, field, defaultValue, onDemandView, feature: found };
      }
      const { place, field } = joins.place(viewRef({ name: view, version }), feature);
      return { kind: 'history', name, view, version, field, defaultValue: declaredDefault(field), place };
    }),
  );
  const storedPlaces = onDemand.storedViews.map(({ ref, features }) =>
    features.map(({ name }) => joins.place(ref, name).place),
  );
  const groups = joins.groups;
  return {
    model: requested.kind === 'model' ? statedModel(manifest, requested, inputs) : null,
    columns,
    groups,
    onDemand,
    storedPlaces,
    joinKeys: byName(groups.flatMap(({ entity }) => entity.join_keys)).filter(
      ({ constant }) => constant === undefined,
    ),
    requestFields: byName(onDemand.requestFields),
  };
}

/** Collects the features to join, each once. */
class Joins {
  readonly groups: {
    entity: EntityManifest;
    views: { view: FeatureViewManifest; features: FieldManifest[] }[];
  }[] = [];
  readonly #manifest: Manifest;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  place(ref: string, feature: string): { place: StoredPlace; field: FieldManifest } {
    const view = member(this.#manifest.feature_views, ref);
    const entity = member(this.#manifest.entities, view.entity);
    const field = view.schema.find(({ name }) => name === feature);
    if (field === undefined) throw new Error(`${ref} has no feature ${feature}.`);
    const group = indexOrPush(
      this.groups,
      (each) => each.entity.name === entity.name,
      () => ({ entity, views: [] }),
    );
    const { views } = this.groups[group] as Joins['groups'][number];
    const at = indexOrPush(
      views,
      (each) => viewRef(each.view) === ref,
      () => ({ view, features: [] }),
    );
    const { features } = views[at] as (typeof views)[number];
    const place = indexOrPush(
      features,
      ({ name }) => name === feature,
      () => field,
    );
    return { place: { group, view: at, feature: place }, field };
  }
}

function indexOrPush<E>(list: E[], matches: (element: E) => boolean, make: () => E): number {
  const found = list.findIndex(matches);
  return found >= 0 ? found : list.push(make()) - 1;
}

function modelInputs(manifest: Manifest, model: string): readonly InputManifest[] {
  if (!Object.hasOwn(manifest.models, model))
    throw new LarderError('MODEL_NOT_FOUND', `No model '${model}' is in these definitions.`);
  return member(manifest.models, model).inputs;
}

function statedModel(
  manifest: Manifest,
  { model: name, version }: Extract<RequestedFeatures, { readonly kind: 'model' }>,
  inputs: readonly InputManifest[],
): TrainingSetManifest['model'] {
  const named = namedInputs(manifest, inputs)?.map(
    (input) => [input.name, input.features.map(({ ref }) => ref)] as const,
  );
  return { name, version, ...(named !== undefined && { inputs: Object.fromEntries(named) }) };
}

function byName(fields: readonly FieldManifest[]): FieldManifest[] {
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

function member<V>(record: Readonly<Record<string, V>>, name: string): V {
  const found = Object.hasOwn(record, name) ? record[name] : undefined;
  if (found === undefined) throw new Error(`The manifest has no ${name}.`);
  return found;
}
