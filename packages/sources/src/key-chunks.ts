import type { PlanOptions } from './row-source.ts';
import type { KeyTexts, SourceChunk } from './source-bounds.ts';

/** Chunks of explicitly named keys: a plan that does not query the source. */
export function keyChunks(
  keys: readonly KeyTexts[],
  { chunkRows, limit }: Pick<PlanOptions, 'chunkRows' | 'limit'>,
): SourceChunk[] {
  const chunks: SourceChunk[] = [];
  const wanted = keys.slice(0, limit ?? undefined);
  for (let start = 0; start < wanted.length; start += chunkRows) {
    const page = wanted.slice(start, start + chunkRows);
    chunks.push({ bounds: { kind: 'keys', keys: page }, rows: page.length });
  }
  return chunks;
}
