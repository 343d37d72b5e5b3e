/** What to build, and into which folder. */
export interface TrainingSetRequest {
  readonly features: RequestedFeatures;
  readonly spine: SpineSource;
  /** Column of the spine with the instant of each row. @default 'event_timestamp' */
  readonly timeColumn?: string | undefined;
  /**
   * Which history a row at time t may see: what the sources knew by then (`created`), or what the online store had
   * confirmed by then (`online`). @default 'created'
   */
  readonly cutOff?: CutOff | undefined;
  /** @default 'auto': the one that is expected to be faster */
  readonly engine?: EngineChoice | undefined;
  /** @default null: one file with all rows */
  readonly split?: SplitRequest | null | undefined;
  /** @default 'parquet' */
  readonly format?: OutputFormat | undefined;
  /** Created by the build; an existing folder must be empty. */
  readonly folder: string;
}

export type CutOff = 'created' | 'online';
export type Engine = 'postgresql' | 'duckdb';
export type EngineChoice = 'auto' | Engine;
export type OutputFormat = 'parquet' | 'csv';
/** `arrow`: an Arrow IPC stream. */
export type SpineFormat = 'parquet' | 'csv' | 'arrow';

export type RequestedFeatures =
  /** The inputs of a model version, in the order of its tensor. */
  | { readonly kind: 'model'; readonly model: string; readonly version: number }
  /** `ad_image`, `ad_image:brightness`, `ad_image@2:brightness`, `moment:hour_sin`. */
  | { readonly kind: 'list'; readonly references: readonly string[] };

/** Where the rows come from: join keys, an instant, request fields, and any other columns, which pass through unchanged. */
export type SpineSource =
  | { readonly kind: 'file'; readonly path: string; readonly format: SpineFormat }
  /** A query on a connection of the project, which is only read. */
  | { readonly kind: 'sql'; readonly connection: string; readonly query: string }
  | LoggedPredictions;

/** Logged predictions of a model, each with its label. */
export interface LoggedPredictions {
  readonly kind: 'predictions';
  readonly model: string;
  /** Null: every version. */
  readonly version: number | null;
  /** Null: the predictions alone. */
  readonly label: string | null;
  /** From this time of prediction on. */
  readonly from: string | null;
  /** Before this time of prediction. */
  readonly to: string | null;
  /**
   * Only predictions that had been logged, and labels that had been received, before then. Null: before the build, or
   * before the oldest transaction that was writing some when it began.
   */
  readonly labelsAsOf: string | null;
}

export type SplitRequest =
  /** Earlier rows train; rows of one instant stay together. */
  | { readonly by: 'time'; readonly shares: SplitShares }
  /** Rows with equal values in the column stay together. */
  | {
      readonly by: 'group';
      readonly column: string;
      /** @default 0 */
      readonly seed?: number | undefined;
      readonly shares: SplitShares;
    };

/** Shares of train and test, or of train, validation and test; they add up to 1. */
export type SplitShares = readonly [number, number] | readonly [number, number, number];
