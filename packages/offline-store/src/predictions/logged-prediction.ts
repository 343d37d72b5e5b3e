import { sql, type RawBuilder } from 'kysely';
import type { JsonMembers } from './prediction-record.ts';

/** A row of the log as it is read; members that a release before this one did not write are null. */
export interface LoggedPrediction {
  readonly predictionId: string;
  readonly predictedAt: Date;
  readonly loggedAt: Date;
  readonly model: string;
  readonly version: number;
  readonly alias: string | null;
  readonly aliasMoveId: number | null;
  readonly entities: JsonMembers;
  readonly entityKeys: readonly string[] | null;
  readonly request: JsonMembers;
  readonly outputs: JsonMembers;
  /** What the artifact gave before the model's post-processing; null: it had none. */
  readonly rawOutputs: JsonMembers | null;
  /** The view that held the answer, `ad_scores@1`; null: the model was asked. */
  readonly precomputed: string | null;
  readonly degraded: boolean;
  readonly degradedReasons: readonly string[];
  readonly views: readonly LoggedView[];
  readonly onDemand: Readonly<Record<string, JsonMembers>> | null;
  /** Null elements are sensitive. */
  readonly scalars: readonly (number | null)[] | null;
  readonly defaultsUsed: readonly string[] | null;
  readonly latencyUs: number;
  readonly featuresUs: number | null;
  readonly onDemandUs: number | null;
  readonly modelUs: number | null;
}

/** A pointer into history, as the log keeps it. */
export interface LoggedView {
  readonly ref: string;
  readonly status: string;
  readonly event_timestamp_ms: number | null;
  readonly created_timestamp_ms: number | null;
  readonly revision: number | null;
}

/** Columns of `larder.predictions`, named as in `LoggedPrediction`. */
export const LOGGED_COLUMNS: RawBuilder<unknown> = sql`
  prediction_id as "predictionId", predicted_at as "predictedAt", logged_at as "loggedAt", model, version, alias,
  alias_move_id as "aliasMoveId", entities, entity_keys as "entityKeys", request, outputs,
  raw_outputs as "rawOutputs", precomputed, degraded,
  degraded_reasons as "degradedReasons", views, on_demand as "onDemand", scalars, defaults_used as "defaultsUsed",
  latency_us as "latencyUs", features_us as "featuresUs", on_demand_us as "onDemandUs", model_us as "modelUs"`;
