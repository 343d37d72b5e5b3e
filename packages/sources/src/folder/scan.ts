import type { SourceRow } from '@larder/features';
import type { SourceBounds } from '../source-bounds.ts';
import type { FolderFiles } from './folder-files.ts';
import { fileKeys } from './lookup.ts';

export async function* scan(
  files: FolderFiles,
  bounds: SourceBounds,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceRow[]> {
  if (bounds.kind === 'null_keys') return;
  if (bounds.kind === 'keys') return yield* files.rows(fileKeys(bounds.keys), null, signal);
  const [lower = null, upper = null] = [bounds.lower?.[0], bounds.upper?.[0]];
  const keys = await files.keys({ lower, upper }, signal);
  let left = bounds.maxRows ?? Number.POSITIVE_INFINITY;
  for await (const page of files.rows(keys, bounds.eventTime, signal)) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}
