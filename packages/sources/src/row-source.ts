import type { SourceRow } from '@larder/features';
import type { KeyTexts, SourceBounds, SourceChunk, SourceScope } from './source-bounds.ts';

export interface PlanOptions {
  readonly scope: SourceScope;
  readonly chunkRows: number;
  /** At most so many rows; with keys, so many keys. Null: all. */
  readonly limit: number | null;
}

/**
 * An open source: where a view's rows come from, whatever keeps them. Each method ends with the signal's reason soon
 * after it is aborted, also while the source does not answer, and leaves nothing running there.
 */
export interface RowSource {
  /** Cuts the scope into chunks of about `chunkRows` rows; all rows of a key are in one chunk. */
  plan(options: PlanOptions, signal: AbortSignal): Promise<SourceChunk[]>;
  /**
   * The rows of a chunk by keys, event and created timestamp, in pages: at every attempt in the same order. The next
   * page is read when it is asked for, and a consumer that stops (`break`, `return()`) stops the source.
   */
  scan(bounds: SourceBounds, signal: AbortSignal): AsyncIterable<readonly SourceRow[]>;
  /** Every row of these keys. */
  lookup(keys: readonly KeyTexts[], signal: AbortSignal): Promise<readonly SourceRow[]>;
  /** What a worker would find: is it reached, and has it what the view needs? */
  check(signal: AbortSignal): Promise<SourceFinding>;
}

/** What a check found, for a person. */
export type SourceFinding =
  | { readonly status: 'ok'; readonly detail: string }
  | { readonly status: 'warn' | 'fail'; readonly detail: string; readonly fix: string };
