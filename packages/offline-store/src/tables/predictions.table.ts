import type { Generated } from 'kysely';

/** Written by COPY only, partitioned by month of `predicted_at`. */
export interface PredictionsTable {
  prediction_id: string;
  predicted_at: Date;
  project: string;
  model: string;
  version: number;
  entities: unknown;
  request: unknown;
  outputs: unknown;
  degraded: boolean;
  degraded_reasons: string[];
  /** `[{ref, status, event_timestamp_ms, created_timestamp_ms, revision}]`: pointers into history instead of values. */
  views: unknown;
  on_demand: unknown;
  latency_us: number;
  logged_at: Generated<Date>;
  /** The alias that chose the version; null for an explicit version. */
  alias: string | null;
  /** The move that was in force; null while the alias follows. */
  alias_move_id: number | null;
  /** `ad:ad-42`, or `ad#<hex>` for a sensitive key; one per entity; null in all of the following: written by a release without them. */
  entity_keys: string[] | null;
  /** The tensor's scalar columns in order, without vectors; a null element was left out. */
  scalars: (number | null)[] | null;
  /** References of the features whose declared default was used. */
  defaults_used: string[] | null;
  /** The model's first output that is a number. */
  output: number | null;
  features_us: number | null;
  on_demand_us: number | null;
  model_us: number | null;
  /** What the artifact gave before the model's post-processing; null: it had none. */
  raw_outputs: unknown;
  /** `ad_scores@1`: the view that held the answer; null: the model was asked. */
  precomputed: string | null;
}
