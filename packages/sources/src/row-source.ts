import type { SourceRow } from '@larder/features';
import type { KeyTexts, SourceBounds, SourceChunk, SourceScope } from './source-bounds.ts';

export interface PlanOptions {
  readonly scope: SourceScope;
  readonly chunkRows: number;
  /** At most so many rows; with keys, so many keys. Null: all. */
  readonly limit: number | null;
}

/** Where a view's rows come from, whatever keeps them. */
export interface RowSource {
  /** Cuts the scope into chunks of about `chunkRows` rows; all rows of a key stand in one chunk. */
  planChunks(options: PlanOptions): Promise<SourceChunk[]>;
  /** The rows of a chunk by keys, event and created timestamp: always in the same order. Ends with the signal's reason. */
  scan(bounds: SourceBounds, signal?: AbortSignal): Promise<readonly SourceRow[]>;
  /** Every row of these keys. */
  lookup(keys: readonly KeyTexts[]): Promise<readonly SourceRow[]>;
}

export function keyChunks(keys: readonly KeyTexts[], chunkRows: number): SourceChunk[] {
  const chunks: SourceChunk[] = [];
  for (let start = 0; start < keys.length; start += chunkRows) {
    const page = keys.slice(start, start + chunkRows);
    chunks.push({ bounds: { kind: 'keys', keys: page }, rows: page.length });
  }
  return chunks;
}
