import type { Duration } from '@larder/core';
import type { ComputeDescriptor } from '../computation/computation.ts';
import type { Entity } from '../definition/entity.ts';
import { defineView, type FeatureView } from '../definition/feature-view.ts';
import { f, type Fields } from '../definition/field.ts';
import { defaultChunkRows } from '../definition/default-chunk-rows.ts';
import type { Model, PredictInput, PredictOutput } from '../definition/model.ts';
import type { SourceDescriptor } from '../definition/source.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { modelNeeds, storedFields } from './model-needs.ts';
import { requestManifest } from './prediction-request.ts';
import type { RunTime } from './run-time.ts';

/** What a view of precomputed predictions is made of, as written. */
export interface Predicting {
  readonly model: Model;
  readonly request: Readonly<Record<string, unknown>>;
}

/** A value for each request field of a model: a constant, or for an instant also `runTime()`. */
export type RequestConstants<Request> = {
  readonly [K in keyof Request]: Request[K] | (Date extends Request[K] ? RunTime : never);
};

/** Nothing to declare for a model without request fields. */
type WithRequest<Input> = Input extends { readonly request: infer Request }
  ? {
      /** A value for each request field of the model: a constant, or `runTime()`. */
      readonly request: RequestConstants<Request>;
    }
  : { readonly request?: Readonly<Record<string, never>> };

type KeysOfInput<Input> = Input extends { readonly entities: infer Keys } ? Keys : never;

export type PrecomputedPredictionsOptions<M extends Model> = {
  /** A whole number from 1; the model and the request values of a version never change. */
  readonly version: number;
  /** Its stored features are of one entity: each key of it gets a row. */
  readonly model: M;
  /** Maximum age of a prediction when it is read. */
  readonly ttl: Duration | 'forever';
  /** When to compute all predictions again; in between, those are whose features change. */
  readonly schedule?: string | Schedule;
  /** Rows per chunk of a run. @default about 50,000 values of features, at least 500 rows */
  readonly chunkRows?: number;
  /** How long history is kept, by event time; at least the TTL. @default 'forever' */
  readonly retention?: Duration | 'forever';
  /** Freshness objective: the view is stale when nothing newer than this is known. @default none */
  readonly freshness?: Duration;
  readonly owner?: string;
  readonly tags?: Readonly<Record<string, string>>;
} & WithRequest<PredictInput<M>>;

/** What a row of precomputed predictions has: the outputs of the model, and the version that gave them. */
export type PredictedFeatures<M extends Model> = {
  readonly [K in keyof PredictOutput<M> | 'model_version']: K extends keyof PredictOutput<M>
    ? PredictOutput<M>[K] | null
    : number | null;
};

/**
 * Defines a view whose rows are the predictions of a model, computed ahead for every entity by the version that its
 * champion alias points to. `loadProject` reports its problems.
 */
export function precomputedPredictions<const N extends string, M extends Model>(
  name: N,
  options: PrecomputedPredictionsOptions<M>,
): FeatureView<N, KeysOfInput<PredictInput<M>>, PredictedFeatures<M>> {
  const { version, ttl, schedule, chunkRows, retention, freshness, owner, tags } = options;
  const model = options.model as Model | undefined;
  const request = (options.request ?? {}) as Predicting['request'];
  const view = {
    version,
    entity: entityOf(model),
    ttl,
    source: predictionsOf(model),
    schema: schemaOf(model),
    compute: computedBy(model, request),
    chunkRows: chunkRows ?? defaultChunkRows(storedFields(model), null),
    ...(schedule !== undefined && { schedule }),
    ...(retention !== undefined && { retention }),
    ...(freshness !== undefined && { freshness }),
    ...(owner !== undefined && { owner }),
    ...(tags !== undefined && { tags }),
  };
  return defineView(name, view, { predicts: { model: model as Model, request } }) as unknown as FeatureView<
    N,
    KeysOfInput<PredictInput<M>>,
    PredictedFeatures<M>
  >;
}

/** Validation reports a model without entities, and one with several. */
function entityOf(model: Model | undefined): Entity {
  return modelNeeds(model).entities[0] as Entity;
}

function schemaOf(model: Model | undefined): Fields {
  return { ...outputsOf(model), model_version: f.int64().safe() };
}

/** What callers of the model get. */
export function outputsOf(model: Model | undefined): Fields {
  return model?.postprocess?.schema ?? model?.output ?? {};
}

/** The rows of the model's features. The views that they are from follow the model, so they are not part of the source. */
function predictionsOf(model: Model | undefined): SourceDescriptor {
  return {
    kind: 'model',
    connection: null,
    manifest: {
      kind: 'model',
      model: model?.name,
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: 'created_timestamp',
    },
    problems: () => [],
  };
}

function computedBy(model: Model | undefined, request: Predicting['request']): ComputeDescriptor {
  return {
    kind: 'prediction',
    options: { model: model?.name ?? '', request: requestManifest(model, request) },
    artifacts: {},
    load: () =>
      Promise.reject(new Error('Predictions are computed by the versions of their model, not by a module.')),
  };
}
