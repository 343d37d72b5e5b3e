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
  readonly request: JsonMembers;
  readonly outputs: JsonMembers;
  readonly degraded: boolean;
  readonly degradedReasons: readonly string[];
  readonly views: readonly PredictionView[];
  /** Results of on-demand functions; null when the model reads none. */
  readonly onDemand: JsonMembers | null;
  /** Latency in microseconds. */
  readonly latencyUs: number;
  /** Approximate size of the record as JSON, including its share of the request that it keeps alive. */
  readonly sizeBytes: number;
}
