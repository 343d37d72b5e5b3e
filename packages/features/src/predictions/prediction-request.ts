import type { JsonValue } from '../definition/field.ts';
import type { Model } from '../definition/model.ts';
import { fieldManifests } from '../manifest/field-manifest.ts';
import type { FeatureViewManifest } from '../manifest/manifest.ts';
import { encodeJsonValue } from '../values/encode-json-value.ts';
import { valueProblem } from '../values/value-problem.ts';
import { modelNeeds } from './model-needs.ts';
import { isRunTime } from './run-time.ts';

/** How a request field of precomputed predictions gets its value. */
export type RequestValueManifest = 'run_time' | { readonly constant: JsonValue };

/** What the computation of precomputed predictions is, in `FeatureViewManifest.compute.options`. */
export interface PredictionManifest {
  readonly model: string;
  /** By the name of the request field. */
  readonly request: Readonly<Record<string, RequestValueManifest>>;
}

/** Null: the view is not one of precomputed predictions. */
export function predictionOf({ compute }: Pick<FeatureViewManifest, 'compute'>): PredictionManifest | null {
  return compute?.kind === 'prediction' ? (compute.options as unknown as PredictionManifest) : null;
}

/** Values that do not fit are left out; validation reports them. */
export function requestManifest(
  model: Model | undefined,
  request: Readonly<Record<string, unknown>>,
): Readonly<Record<string, JsonValue>> {
  const { request: fields } = modelNeeds(model);
  return Object.fromEntries(
    fieldManifests(fields)
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .flatMap((field): (readonly [string, JsonValue])[] => {
        const value = request[field.name];
        if (isRunTime(value)) return [[field.name, 'run_time']];
        if (valueProblem(field, value) !== null) return [];
        return [[field.name, { constant: encodeJsonValue(field, value as never) }]];
      }),
  );
}
