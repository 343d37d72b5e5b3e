import { keyChunks } from '../key-chunks.ts';
import type { PlanOptions } from '../row-source.ts';
import type { EventTimeRange, SourceChunk } from '../source-bounds.ts';
import type { FolderFiles } from './folder-files.ts';

export async function plan(
  files: FolderFiles,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<SourceChunk[]> {
  const { scope, chunkRows, limit } = options;
  signal.throwIfAborted();
  if (scope.kind === 'keys') return keyChunks(scope.keys, options);
  const eventTime = scope.kind === 'event_time' ? scope.range : null;
  const keys = await files.keys(null, signal);
  const inScope = eventTime === null ? keys : await changedWithin(eventTime, { files, keys, signal });
  return cutKeyRanges(inScope.slice(0, limit ?? undefined), chunkRows, eventTime);
}

async function changedWithin(
  eventTime: EventTimeRange,
  { files, keys, signal }: { files: FolderFiles; keys: readonly string[]; signal: AbortSignal },
): Promise<string[]> {
  const changed: string[] = [];
  for await (const page of files.rows(keys, eventTime, signal))
    for (const row of page) changed.push(row[files.keyColumn] as string);
  return changed;
}

function cutKeyRanges(
  keys: readonly string[],
  chunkRows: number,
  eventTime: EventTimeRange | null,
): SourceChunk[] {
  const chunks: SourceChunk[] = [];
  for (let start = 0; start < keys.length; start += chunkRows) {
    const page = keys.slice(start, start + chunkRows);
    const [lower, upper] = [page[0] as string, page.at(-1) as string];
    chunks.push({
      bounds: { kind: 'range', lower: [lower], upper: [upper], eventTime, maxRows: null },
      rows: page.length,
    });
  }
  return chunks;
}
