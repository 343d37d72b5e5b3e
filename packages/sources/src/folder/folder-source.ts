import { lstat, readdir } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { LarderError, shellWord } from '@larder/core';
import type { FolderSourceManifest, SourceRow } from '@larder/features';
import { keyChunks, type RowSource } from '../row-source.ts';
import type { EventTimeRange, KeyTexts, SourceChunk } from '../source-bounds.ts';

export interface FolderSourceOptions {
  readonly source: FolderSourceManifest;
  /** What a relative folder is relative to: the folder of larder.config.ts. */
  readonly root: string;
}

interface FileRow {
  readonly key: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly changedAt: Date;
}

/** Files under way at the same time while their times are read. */
const STATS_AT_ONCE = 64;

/** A row for each file below a folder. Every method @throws SOURCE_UNAVAILABLE where the folder cannot be read. */
export function createFolderSource({ source, root }: FolderSourceOptions): RowSource {
  const folder = resolve(root, source.folder);

  const wanted = (key: string): boolean =>
    !key.split('/').some((part) => part.startsWith('.')) &&
    (source.extensions.length === 0 || source.extensions.includes(extname(key).toLowerCase()));

  /** Keys in the order of their UTF-16 units, the same on every machine. */
  async function keys(): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(unavailable);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .split(sep)
          .join('/'),
      )
      .filter(wanted)
      .sort();
  }

  /** Null for what is no file of the folder; a key never leads out of it. */
  async function file(key: string): Promise<FileRow | null> {
    const path = resolve(folder, key);
    if (!wanted(key) || path !== join(folder, ...key.split('/'))) return null;
    const found = await lstat(path).catch(() => null);
    if (found === null || !found.isFile()) return null;
    return { key, path, sizeBytes: found.size, changedAt: found.mtime };
  }

  async function files(
    names: readonly string[],
    eventTime: EventTimeRange | null,
    signal?: AbortSignal,
  ): Promise<FileRow[]> {
    const found: FileRow[] = [];
    for (let start = 0; start < names.length; start += STATS_AT_ONCE) {
      signal?.throwIfAborted();
      const page = await Promise.all(names.slice(start, start + STATS_AT_ONCE).map(file));
      for (const row of page) if (row !== null && within(row.changedAt, eventTime)) found.push(row);
    }
    return found;
  }

  async function lookup(texts: readonly KeyTexts[], signal?: AbortSignal): Promise<readonly SourceRow[]> {
    const names = [...new Set(texts.map(([key = '']) => key))].sort();
    return (await files(names, null, signal)).map(rowOf);
  }

  function rowOf({ key, path, sizeBytes, changedAt }: FileRow): SourceRow {
    return { [source.key_column]: key, path, size_bytes: sizeBytes, event_timestamp: changedAt };
  }

  function unavailable(cause: unknown): never {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new LarderError(
      'SOURCE_UNAVAILABLE',
      `The folder ${shellWord(folder)} ${reason} on this machine; make it, or mend the folder of the source in larder.config.ts.`,
      { cause },
    );
  }

  return {
    async planChunks({ scope, chunkRows, limit }) {
      if (scope.kind === 'keys') return keyChunks(scope.keys.slice(0, limit ?? undefined), chunkRows);
      const eventTime = scope.kind === 'event_time' ? scope.range : null;
      const names = await keys();
      const rows = eventTime === null ? names : (await files(names, eventTime)).map(({ key }) => key);
      return ranges(rows.slice(0, limit ?? undefined), chunkRows, eventTime);
    },
    async scan(bounds, signal) {
      if (bounds.kind === 'null_keys') return [];
      if (bounds.kind === 'keys') return lookup(bounds.keys, signal);
      const [[lower = ''], [upper = '']] = [bounds.lower, bounds.upper];
      const names = (await keys()).filter((key) => key >= lower && key <= upper);
      const rows = await files(names, bounds.eventTime, signal);
      return rows.slice(0, bounds.maxRows ?? undefined).map(rowOf);
    },
    lookup: (texts) => lookup(texts),
  };
}

function within(at: Date, range: EventTimeRange | null): boolean {
  return range === null || (at >= new Date(range.from) && at < new Date(range.to));
}

function ranges(keys: readonly string[], chunkRows: number, eventTime: EventTimeRange | null): SourceChunk[] {
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
