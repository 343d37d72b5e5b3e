import { shortestFloat32 } from '@larder/core';
import {
  declaredDefault,
  encodeJsonValue,
  viewRef,
  type FieldManifest,
  type InputManifest,
  type Manifest,
} from '@larder/features';
import type { LoggedPrediction } from '@larder/offline-store';
import type { PointedView } from './read-pointers.ts';

/** A feature as the model got it, with where the value is from now. */
export interface ShownFeature {
  readonly ref: string;
  readonly value: unknown;
  readonly status: 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';
  readonly source: 'online' | 'request' | 'on_demand' | 'default';
  /** Null: it cannot be had, and `reason` says why. */
  readonly value_from: 'log' | 'history' | 'definition' | null;
  readonly reason: string | null;
  readonly event_timestamp: string | null;
  readonly age_ms: number | null;
}

interface Context {
  readonly manifest: Manifest;
  readonly logged: LoggedPrediction;
  readonly views: readonly PointedView[];
}

/** The features of a logged prediction: the model's own in its order, then what only on-demand functions read, then the request. */
export function shownFeatures(context: Context): ShownFeature[] | null {
  const { manifest, logged } = context;
  const model = Object.hasOwn(manifest.models, logged.model) ? manifest.models[logged.model] : undefined;
  if (model === undefined) return null;
  const shown = new Map<string, ShownFeature>();
  let scalar = 0;
  const show = (inputs: readonly InputManifest[], inTensor: boolean): void => {
    for (const input of inputs)
      for (const name of input.features) {
        const field = fieldOf(manifest, input, name);
        if (field === undefined) continue;
        const place = inTensor && input.tensor === undefined && field.type !== 'vector' ? scalar++ : null;
        const feature =
          input.version === null
            ? onDemandFeature(context, { view: input.view, field })
            : storedFeature(context, {
                ref: viewRef({ name: input.view, version: input.version }),
                field,
                place,
              });
        if (!shown.has(feature.ref)) shown.set(feature.ref, feature);
      }
  };
  show(model.inputs, true);
  for (const view of Object.values(manifest.on_demand_feature_views)) show(view.inputs, false);
  for (const view of Object.values(manifest.on_demand_feature_views))
    for (const field of view.request) {
      const feature = requestField(logged, field);
      shown.set(feature.ref, feature);
    }
  return [...shown.values()];
}

interface StoredInput {
  readonly ref: string;
  readonly field: FieldManifest;
  /** Place in the logged scalars; null: not logged by value. */
  readonly place: number | null;
}

function storedFeature(context: Context, { ref, field, place }: StoredInput): ShownFeature {
  const { manifest, logged, views } = context;
  const pointed = views.find(({ view }) => view.ref === ref);
  const read = pointed?.view.status ?? 'NOT_FOUND';
  const eventMs = pointed?.view.event_timestamp_ms ?? null;
  const feature = `${ref}:${field.name}`;
  const usesDefault = logged.defaultsUsed?.includes(feature) ?? false;
  const stored = read === 'PRESENT' ? (pointed?.values?.[field.name] ?? null) : null;
  const scalar = place === null ? undefined : logged.scalars?.[place];
  const isNull =
    read === 'PRESENT' &&
    (usesDefault || (pointed?.values !== null && stored === null && isMissing(context, scalar)));
  const base = {
    ref: feature,
    status: isNull ? 'NULL_VALUE' : statusOf(read),
    source: usesDefault || read !== 'PRESENT' ? 'default' : 'online',
    reason: null,
    event_timestamp: eventMs === null ? null : new Date(eventMs).toISOString(),
    age_ms: eventMs === null ? null : logged.predictedAt.getTime() - eventMs,
  } as const;
  if (field.sensitive !== undefined)
    return { ...base, value: null, value_from: null, reason: 'the feature is sensitive' };
  if (base.source === 'default' || isNull)
    return { ...base, value: encodeJsonValue(field, declaredDefault(field)), value_from: 'definition' };
  if (scalar === null)
    return { ...base, value: null, value_from: null, reason: 'it was sensitive when it was logged' };
  if (scalar !== undefined) return { ...base, value: scalarJson(field, scalar), value_from: 'log' };
  if (pointed?.values != null)
    return { ...base, value: encodeJsonValue(field, stored), value_from: 'history' };
  const reason =
    pointed?.keyHidden === true
      ? 'the key of its entity is sensitive, and history is found by keys only'
      : manifest.feature_views[ref]?.windowed !== undefined
        ? 'the events of its windows are no longer kept'
        : 'history no longer has the row that was read';
  return { ...base, value: null, value_from: null, reason };
}

/** Whether a logged scalar may stand for no value; what is not logged may. */
function isMissing({ manifest, logged }: Context, scalar: number | null | undefined): boolean {
  if (scalar === undefined || scalar === null || Number.isNaN(scalar)) return true;
  const missing = manifest.models[logged.model]?.missing;
  return typeof missing === 'number' && Math.fround(scalar) === Math.fround(missing);
}

function onDemandFeature(
  { logged }: Context,
  { view, field }: { readonly view: string; readonly field: FieldManifest },
): ShownFeature {
  const ref = `${view}:${field.name}`;
  const usesDefault = logged.defaultsUsed?.includes(ref) ?? false;
  const value = logged.onDemand?.[view]?.[field.name] ?? null;
  return {
    ref,
    value,
    status: usesDefault || (value === null && field.sensitive === undefined) ? 'NULL_VALUE' : 'PRESENT',
    source: usesDefault ? 'default' : 'on_demand',
    ...fromLog(field, value),
  };
}

function requestField(logged: LoggedPrediction, field: FieldManifest): ShownFeature {
  const value = logged.request[field.name] ?? null;
  return {
    ref: `request:${field.name}`,
    value,
    status: 'PRESENT',
    source: 'request',
    ...fromLog(field, value),
  };
}

function fromLog(field: FieldManifest, value: unknown) {
  const omitted = value === null && field.sensitive === 'omitted';
  return {
    value_from: omitted ? null : ('log' as const),
    reason: omitted ? 'the field is sensitive' : null,
    event_timestamp: null,
    age_ms: null,
  };
}

function scalarJson({ type }: FieldManifest, scalar: number): unknown {
  if (type === 'bool') return scalar !== 0;
  return Number.isFinite(scalar) ? shortestFloat32(scalar) : null;
}

function statusOf(status: string): ShownFeature['status'] {
  return status === 'PRESENT' || status === 'OUTSIDE_MAX_AGE' ? status : 'NOT_FOUND';
}

function fieldOf(manifest: Manifest, input: InputManifest, name: string): FieldManifest | undefined {
  const schema =
    input.version === null
      ? manifest.on_demand_feature_views[input.view]?.schema
      : manifest.feature_views[viewRef({ name: input.view, version: input.version })]?.schema;
  return schema?.find((field) => field.name === name);
}
