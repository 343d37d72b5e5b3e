import type { Clock, LarderError } from '@larder/core';
import type { Observations } from '@larder/core/metrics';
import type { JsonValue, PredictMode } from '@larder/features';
import type { ModelRunner } from '@larder/model-runtime';
import type { PredictionLog } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import type { ServedFeature } from './answer/show-features.ts';
import type { InputRow } from './inputs/inputs.ts';
import type { CompiledPlan } from './plan/compiled-plan.ts';
import type { ResolveMissing } from './readings/resolve-missing.ts';
import type { ReadingCounts } from './readings/reading-counts.ts';

export interface PredictorDeps {
  readonly plan: CompiledPlan;
  readonly onlineStore: Pick<OnlineStore, 'read'>;
  readonly runner: Pick<ModelRunner, 'run' | 'admit' | 'placement' | 'inputs'>;
  /** Null: predictions are not logged. */
  readonly predictionLog: Pick<PredictionLog, 'append' | 'confirm'> | null;
  readonly clock: Clock;
  /** Called only when a row is missing. Without it, defaults are used at once. */
  readonly resolveMissing?: ResolveMissing | undefined;
  /** Receives the ages, in seconds, of a view's rows: those of one entity per request. */
  readonly agesOf?: ((viewRef: string) => Observations) | undefined;
}

/** An alias in force; one object for all requests that it routes. */
export interface ServedAlias {
  readonly alias: string;
  /** Null: nobody has moved the alias yet. */
  readonly moveId: number | null;
}

export interface PredictRequest {
  /** What chose this version, for the log; absent: the caller named its number. */
  readonly alias?: ServedAlias | undefined;
  readonly rows: readonly InputRow[];
  /** Defaults for every row; a row's own member takes precedence. */
  readonly shared?: InputRow | undefined;
  /** JSON pointer of `rows` in the caller's body; without it the one row is the body itself. */
  readonly rowsPointer?: string | undefined;
  /** Measured from `startedAtMs`. @default the model's deadline */
  readonly deadlineMs?: number | undefined;
  /** `performance.now()` when the request arrived. */
  readonly startedAtMs?: number | undefined;
  /** True once nobody waits for the answer: the connection is closed. */
  readonly callerGone?: (() => boolean) | undefined;
  /** Where the answer comes from. @default what the model declares, or `live` */
  readonly mode?: PredictMode | undefined;
  /** Also return every feature with its provenance. */
  readonly features?: boolean | undefined;
  /** Length of the body that contained the rows, which the log keeps alive; measured when omitted. */
  readonly sizeBytes?: number | undefined;
}

export interface PredictedRow {
  readonly predictionId: string;
  /** Index in the arrays of `Predictions.outputs`. */
  readonly place: number;
  /** Empty: not degraded. */
  readonly degradedReasons: readonly string[];
  readonly features: readonly ServedFeature[] | null;
  /** What the model's post-processing gave, as JSON by name; null: the model has none. */
  readonly outputs: Readonly<Record<string, JsonValue>> | null;
  /** Where the answer is from; absent: the model was asked. */
  readonly origin?: AnswerOrigin;
}

/** Of an answer to a request that asked for precomputed predictions. */
export type AnswerOrigin =
  | {
      readonly source: 'precomputed';
      /** `ad_scores@1` */
      readonly view: string;
      readonly computedAtMs: number;
      readonly ageMs: number;
    }
  /** Why no precomputed prediction was used: `ad_scores@1:OUTSIDE_MAX_AGE`. */
  | { readonly source: 'live'; readonly reason: string };

/** Stage times in milliseconds. */
export interface Timings {
  readonly features: number;
  readonly onDemand: number;
  /** Waiting for a thread of the model's pool. */
  readonly queue: number;
  readonly model: number;
  readonly total: number;
}

export interface Predictions {
  /** In the order of the request; an error for a row that could not be answered. */
  readonly rows: readonly (PredictedRow | LarderError)[];
  /** What the artifact gave: one float32 per row that went into the model. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly timings: Timings;
}

export interface Predictor {
  readonly plan: CompiledPlan;
  readonly counts: ReadingCounts;
  /**
   * @throws REQUEST_INVALID (the values that all rows share), ONLINE_STORE_UNAVAILABLE, DEADLINE_EXCEEDED,
   * MODEL_OVERLOADED, MODEL_RUN_FAILED, CALLER_LEFT, PREDICTION_NOT_LOGGED
   */
  predict(request: PredictRequest): Promise<Predictions>;
}
