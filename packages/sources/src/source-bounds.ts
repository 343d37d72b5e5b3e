/** Join keys of one entity as the source's own texts, in the entity's order. */
export type KeyTexts = readonly string[];

/** Half-open: from ≤ event timestamp < to; ISO 8601. */
export interface EventTimeRange {
  readonly from: string;
  readonly to: string;
}

/**
 * Bounds of one chunk, as JSON: they select the same rows at every attempt. Both ends of `range` are included; null: it begins
 * with the first key, or ends with the last.
 */
export type SourceBounds =
  | {
      readonly kind: 'range';
      readonly lower: KeyTexts | null;
      readonly upper: KeyTexts | null;
      readonly eventTime: EventTimeRange | null;
      /** Only this many rows, in the order of keys and timestamps. */
      readonly maxRows: number | null;
      /** Each key had one row when the chunk was planned: keys alone decide the order. */
      readonly oneRowPerKey?: true;
      /** The instant that the rows describe where they change with time, such as windows; other sources ignore it. */
      readonly asOf?: string;
    }
  | {
      readonly kind: 'keys';
      readonly keys: readonly KeyTexts[];
      /** Since when the source has had none of them; sources ignore it. Keys that it still lacks end. */
      readonly goneSince?: string;
      /** As for a range. */
      readonly asOf?: string;
    }
  | {
      readonly kind: 'null_keys';
      readonly eventTime: EventTimeRange | null;
      /** Number counted by the plan. All of them fail, so only the first `maxRows` are read. */
      readonly rows: number;
      readonly maxRows: number;
    };

export interface SourceChunk {
  readonly bounds: SourceBounds;
  /** Number of rows; for keys, the number of keys. */
  readonly rows: number;
}

export type SourceScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'keys'; readonly keys: readonly KeyTexts[] }
  | { readonly kind: 'event_time'; readonly range: EventTimeRange };
