import type { SourceRow } from '@larder/features';
import type { KeyTexts, SourceBounds, SourceChunk, SourceScope } from './source-bounds.ts';

export interface PlanOptions {
  readonly scope: SourceScope;
  readonly chunkRows: number;
  /** Maximum number of rows or, with keys, of keys. Null: all. */
  readonly limit: number | null;
}

/**
 * An open source of a view's rows, of any kind. Each method fails with the signal's reason soon after it is aborted,
 * even while the source does not answer, and leaves nothing running there.
 */
export interface RowSource {
  /** Cuts the scope into chunks of about `chunkRows` rows; all rows of a key are in one chunk. */
  plan(options: PlanOptions, signal: AbortSignal): Promise<SourceChunk[]>;
  /**
   * The rows of a chunk by keys, event and created timestamp, in pages, in the same order at every attempt. The next
   * page is read on demand, and a consumer that stops (`break`, `return()`) stops the source.
   */
  scan(bounds: SourceBounds, signal: AbortSignal): AsyncIterable<readonly SourceRow[]>;
  /** Every row of these keys. */
  lookup(keys: readonly KeyTexts[], signal: AbortSignal): Promise<readonly SourceRow[]>;
  /** Checks as a worker would: can the source be reached, and does it have what the view needs? */
  check(signal: AbortSignal): Promise<SourceFinding>;
}

/** Result of a check, for people. */
export type SourceFinding =
  | { readonly status: 'ok'; readonly detail: string }
  | { readonly status: 'warn' | 'fail'; readonly detail: string; readonly fix: string };
