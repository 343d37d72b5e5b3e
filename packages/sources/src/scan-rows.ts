import type { SourceRow } from '@larder/features';
import type { RowSource } from './row-source.ts';
import type { SourceBounds } from './source-bounds.ts';

/** Returns all rows of a chunk at once, for a consumer that holds the whole chunk anyway. */
export async function scanRows(
  source: RowSource,
  bounds: SourceBounds,
  signal: AbortSignal,
): Promise<readonly SourceRow[]> {
  const pages: (readonly SourceRow[])[] = [];
  for await (const page of source.scan(bounds, signal)) pages.push(page);
  return pages.length === 1 ? (pages[0] as readonly SourceRow[]) : pages.flat();
}
