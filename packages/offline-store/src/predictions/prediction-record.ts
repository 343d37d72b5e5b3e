import type { SensitiveFields } from './sensitive-fields.ts';

/** What a prediction read of one view: a pointer into history instead of the values. */
export interface PredictionView {
  /** `ad_image@1` */
  readonly ref: string;
  readonly status: string;
  /** The order key of the row that was read; null where there was none. */
  readonly eventTimestampMs: number | null;
  readonly createdTimestampMs: number | null;
  readonly revision: number | null;
}

/** The canonical key of one entity. */
export interface LoggedKey {
  readonly entity: string;
  readonly key: string;
}

/** JSON as in the HTTP API: int64 beyond 2^53 as decimal strings, instants as ISO 8601. */
export type JsonMembers = Readonly<Record<string, unknown>>;

/** One answered prediction. With its pointers and request, every input of the model can be rebuilt exactly. */
export interface PredictionRecord {
  /** UUIDv7. */
  readonly predictionId: string;
  readonly predictedAtMs: number;
  readonly model: string;
  readonly version: number;
  /** The alias that chose the version; null: the caller named its number. */
  readonly alias: string | null;
  /** The move of the alias that was in force; null while nobody had moved it. */
  readonly aliasMoveId: number | null;
  readonly entities: JsonMembers;
  readonly entityKeys: readonly LoggedKey[];
  readonly request: JsonMembers;
  readonly outputs: JsonMembers;
  /** What the artifact gave before the model's post-processing; null: the model has none. */
  readonly rawOutputs: JsonMembers | null;
  /** The model's first output that is a number; null: none is. */
  readonly output: number | null;
  /** The tensor's scalar columns in order, without vectors. */
  readonly scalars: Float32Array;
  readonly degraded: boolean;
  readonly degradedReasons: readonly string[];
  readonly views: readonly PredictionView[];
  /** Results of on-demand functions; null when the model reads none. */
  readonly onDemand: JsonMembers | null;
  /** The view that held it, `ad_scores@1`; null: the model was asked. */
  readonly precomputed: string | null;
  /** `ad_image@1:brightness`: features whose declared default took the place of a missing or null value. */
  readonly defaultsUsed: readonly string[];
  /** The whole request and its stages, in microseconds. */
  readonly latencyUs: number;
  readonly featuresUs: number;
  readonly onDemandUs: number;
  readonly modelUs: number;
  /** Approximate size of the record while it is not rendered, including its share of the request that it keeps alive. */
  readonly sizeBytes: number;
  /** Applied when the record is rendered; null: nothing is sensitive. */
  readonly sensitive: SensitiveFields | null;
}
