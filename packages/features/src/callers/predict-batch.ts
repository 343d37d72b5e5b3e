import type { ErrorCode } from '@larder/core';
import type { JsonInputs } from './json-forms.ts';
import type { JsonValue } from '../definition/field.ts';
import type { Model, PredictInput, PredictMode, PredictOutput } from '../definition/model.ts';

/**
 * Body of `POST /v1/models/{model}/predict-batch`. `shared` is merged under every row; with it a row may leave out what
 * `shared` has.
 */
export type PredictBatchInput<M extends Model> = { readonly options?: BatchOptions } & (
  | { readonly rows: readonly BatchRow<PredictInput<M>>[]; readonly shared?: never }
  | {
      readonly rows: readonly PartialRow<PredictInput<M>>[];
      readonly shared: PartialRow<PredictInput<M>>;
    }
);

type BatchRow<Input> = { readonly [Part in keyof Input]: JsonInputs<Input[Part]> };
type PartialRow<Input> = { readonly [Part in keyof Input]?: Partial<JsonInputs<Input[Part]>> };

interface BatchOptions {
  readonly version?: number;
  readonly deadline_ms?: number;
  readonly features?: boolean;
  readonly mode?: PredictMode;
}

/** Answer of predict-batch: a row for each of the request, in its order; one that failed has its own error. */
export interface PredictBatchOutput<M extends Model> {
  readonly model: string;
  readonly version: number;
  readonly rows: readonly (PredictedRow<PredictOutput<M>> | { readonly error: Problem })[];
}

interface PredictedRow<Outputs> {
  readonly prediction_id: string;
  readonly outputs: Outputs;
  readonly degraded: boolean;
  readonly degraded_reasons?: readonly string[];
  /** With a mode other than `live`: where the answer is from. */
  readonly source?: 'precomputed' | 'live';
  /** Of a precomputed answer: the view that held it, the instant that it was computed for, and its age. */
  readonly view?: string;
  readonly computed_at?: string;
  readonly age_ms?: number;
  /** Why the model was asked: `ad_scores@1:OUTSIDE_MAX_AGE`. */
  readonly live_reason?: string;
  /** With `options.features`. */
  readonly features?: readonly ServedFeature[];
}

interface ServedFeature {
  /** `ad_image@1:brightness` */
  readonly ref: string;
  readonly value: JsonValue;
  readonly status: 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';
  readonly source: 'online' | 'request' | 'on_demand' | 'computed' | 'default';
  readonly event_timestamp: string | null;
  readonly age_ms: number | null;
}

/** An error of the HTTP API (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly request_id: string;
  readonly errors?: readonly ProblemDetail[];
}

export interface ProblemDetail {
  /** JSON pointer into the request. */
  readonly pointer: string;
  readonly detail: string;
}
