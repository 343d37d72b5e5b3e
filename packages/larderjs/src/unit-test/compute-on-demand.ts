import { LarderError, isLarderError } from '@larder/core';
import {
  compileAlone,
  evaluate,
  onDemandValue,
  valueProblem,
  type FieldManifest,
  type FieldValue,
  type OnDemandFeatureView,
  type StoredView,
} from '@larder/features';

export interface OnDemandInput {
  /** Request fields by name. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** By view name, then feature name; null where a feature is missing. */
  readonly features?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * Evaluates an on-demand view for these inputs as the service does: defaults replace nulls in the inputs and in the
 * results.
 * @throws ON_DEMAND_FAILED, REQUEST_INVALID for an input that is missing or does not fit its field
 */
export function computeOnDemand<Gives>(
  view: OnDemandFeatureView<string, unknown, unknown, Gives>,
  { request = {}, features = {} }: OnDemandInput,
): Gives {
  const { views, requestFields, storedViews } = compileAlone(view);
  const [alone] = views;
  if (alone === undefined) throw new Error(`${view.name} was not compiled.`);
  const result = evaluate(
    alone,
    {
      requestField(place) {
        const field = requestFields[place] as FieldManifest;
        return present(`request:${field.name}`, field, request[field.name]);
      },
      storedFeature(at, place) {
        const { name, features: fields } = storedViews[at] as StoredView;
        const field = fields[place] as FieldManifest;
        return given(`${name}:${field.name}`, field, features[name]?.[field.name]);
      },
    },
    { earlier: [], shared: null },
  );
  if (isLarderError(result)) throw result;
  return Object.fromEntries(
    alone.features.map((feature) => [feature.name, onDemandValue(result, feature)]),
  ) as Gives;
}

/** @throws REQUEST_INVALID */
export function present(name: string, field: FieldManifest, value: unknown): FieldValue {
  const found = given(name, field, value);
  if (found === null) throw new LarderError('REQUEST_INVALID', `${name} is null; give a value.`);
  return found;
}

function given(name: string, field: FieldManifest, value: unknown): FieldValue {
  if (value === undefined) throw new LarderError('REQUEST_INVALID', `No value is given for ${name}.`);
  if (value === null) return null;
  const typed =
    field.type === 'vector' && Array.isArray(value) ? Float32Array.from(value as number[]) : value;
  const problem = valueProblem(field, typed);
  if (problem !== null) throw new LarderError('REQUEST_INVALID', `${name} ${problem}.`);
  return typed as FieldValue;
}
