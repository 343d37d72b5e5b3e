import type { LoggedPrediction } from '@larder/offline-store';
import type { ShownFeature } from './shown-features.ts';

/** A logged prediction in a list; JSON of the HTTP API. */
export interface LoggedPredictionJson {
  readonly prediction_id: string;
  readonly predicted_at: string;
  readonly model: string;
  readonly version: number;
  readonly alias: string | null;
  readonly entities: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
  /** The view that held the answer, `ad_scores@1`; null: the model was asked. */
  readonly precomputed: string | null;
  readonly degraded: boolean;
  readonly degraded_reasons: string[];
  readonly latency_ms: number;
}

/** Everything that is known about one prediction; JSON of the HTTP API. */
export interface PredictionDetailJson extends LoggedPredictionJson {
  readonly logged_at: string;
  readonly alias_move_id: number | null;
  readonly entity_keys: string[] | null;
  readonly request: Record<string, unknown>;
  /** What the artifact gave before the model's post-processing; null: it had none. */
  readonly raw_outputs: Record<string, unknown> | null;
  readonly defaults_used: string[] | null;
  readonly timings_ms: {
    readonly features: number | null;
    readonly on_demand: number | null;
    readonly model: number | null;
    readonly total: number;
  };
  readonly views: ReadViewJson[];
  /** Null: the definition of the model version is not on record. */
  readonly features: ShownFeature[] | null;
}

/** What a prediction read of one view, and where it came from. */
export interface ReadViewJson {
  readonly ref: string;
  readonly status: string;
  readonly event_timestamp: string | null;
  readonly created_timestamp: string | null;
  readonly revision: number | null;
  readonly landed_at: string | null;
  readonly online_at: string | null;
  readonly chunk_id: number | null;
  readonly run_id: string | null;
}

export function predictionJson(logged: LoggedPrediction): LoggedPredictionJson {
  return {
    prediction_id: logged.predictionId,
    predicted_at: logged.predictedAt.toISOString(),
    model: logged.model,
    version: logged.version,
    alias: logged.alias,
    entities: { ...logged.entities },
    outputs: { ...logged.outputs },
    precomputed: logged.precomputed,
    degraded: logged.degraded,
    degraded_reasons: [...logged.degradedReasons],
    latency_ms: milliseconds(logged.latencyUs),
  };
}

export function milliseconds(us: number): number {
  return us / 1_000;
}
