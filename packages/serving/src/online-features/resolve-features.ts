import { isLarderError, requestInvalid, type ErrorDetail } from '@larder/core';
import {
  findFeatureView,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type Manifest,
} from '@larder/features';

/** One value of every answered row, in the order of the request. */
export interface AskedFeature {
  readonly ref: string;
  readonly field: FieldManifest;
  /** Index of its view in `views`. */
  readonly view: number;
  /** Index in the features that are read from its view. */
  readonly place: number;
}

export interface AskedView {
  readonly view: FeatureViewManifest;
  /** Features to read, in this order. */
  readonly features: string[];
}

export interface AskedFeatures {
  readonly features: readonly AskedFeature[];
  readonly views: readonly AskedView[];
  /** Distinct entities of the views. */
  readonly entities: readonly EntityManifest[];
}

const REF = /^([^:]+)(?::([^:]+))?$/;

/** `view:feature` or `view` (all its features), with or without `@version`. @throws REQUEST_INVALID with a pointer per reference */
export function resolveFeatures(manifest: Manifest, refs: readonly string[]): AskedFeatures {
  const features: AskedFeature[] = [];
  const views: AskedView[] = [];
  const errors: ErrorDetail[] = [];
  for (const [at, ref] of refs.entries()) {
    const found = resolve(manifest, ref);
    if (typeof found === 'string') {
      errors.push({ pointer: `/features/${at}`, detail: found });
      continue;
    }
    let view = views.findIndex((asked) => asked.view === found.view);
    if (view < 0) view = views.push({ view: found.view, features: [] }) - 1;
    for (const field of found.fields) {
      const place = (views[view] as AskedView).features.push(field.name) - 1;
      features.push({ ref: `${viewRef(found.view)}:${field.name}`, field, view, place });
    }
  }
  if (errors.length > 0) throw requestInvalid(errors, `features: ${errors[0]?.detail}`);
  const names = [...new Set(views.map(({ view }) => view.entity))];
  return { features, views, entities: names.map((name) => manifest.entities[name] as EntityManifest) };
}

/** The view with its requested fields, or what is wrong with the reference. */
function resolve(
  manifest: Manifest,
  ref: string,
): { readonly view: FeatureViewManifest; readonly fields: readonly FieldManifest[] } | string {
  const [, name = '', feature] = REF.exec(ref) ?? [];
  if (Object.hasOwn(manifest.on_demand_feature_views, name))
    return manifest.on_demand_feature_views[name]?.outputs !== undefined
      ? `${name} is the post-processing of a model, which gives no features.`
      : `${name} is computed on demand from the fields of a prediction request, which this route does not have; request a prediction of a model that uses it, with options.features.`;
  let view: FeatureViewManifest;
  try {
    view = findFeatureView(manifest, name);
  } catch (error) {
    if (!isLarderError(error)) throw error;
    return error.message;
  }
  if (feature === undefined) return { view, fields: view.schema };
  const field = view.schema.find((candidate) => candidate.name === feature);
  if (field !== undefined) return { view, fields: [field] };
  return `${viewRef(view)} has no feature '${feature}'; it has ${view.schema.map((known) => known.name).join(', ')}.`;
}
