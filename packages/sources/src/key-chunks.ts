import type { PlanOptions } from './row-source.ts';
import type { KeyTexts, SourceChunk } from './source-bounds.ts';

/** Chunks of keys that are named: a plan that asks the source nothing. */
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
