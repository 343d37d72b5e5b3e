/** Join keys of one entity in the source's own text, in the entity's order. */
export type KeyTexts = readonly string[];

/** Half-open: from ≤ event timestamp < to; ISO 8601. */
export interface EventTimeRange {
  readonly from: string;
  readonly to: string;
}

/** What one chunk reads, as JSON: the same rows of the source at every attempt. Both ends of `range` are included. */
export type SourceBounds =
  | {
      readonly kind: 'range';
      readonly lower: KeyTexts;
      readonly upper: KeyTexts;
      readonly eventTime: EventTimeRange | null;
      /** Only the first rows in the order of keys and timestamps. */
      readonly maxRows: number | null;
      /** Each key had one row when it was planned: keys alone decide the order. */
      readonly oneRowPerKey?: true;
    }
  | { readonly kind: 'keys'; readonly keys: readonly KeyTexts[] }
  | {
      readonly kind: 'null_keys';
      readonly eventTime: EventTimeRange | null;
      /** As counted by the plan. All of them fail, so only the first `maxRows` are read. */
      readonly rows: number;
      readonly maxRows: number;
    };

export interface SourceChunk {
  readonly bounds: SourceBounds;
  /** Rows counted; for keys, the number of keys. */
  readonly rows: number;
}

export type SourceScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'keys'; readonly keys: readonly KeyTexts[] }
  | { readonly kind: 'event_time'; readonly range: EventTimeRange };
