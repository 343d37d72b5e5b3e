import { lstat, readdir, realpath } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { LarderError, shellWord } from '@larder/core';
import type { SourceRow } from '@larder/features';
import type { EventTimeRange } from '../source-bounds.ts';
import { untilAborted } from '../until-aborted.ts';
import type { FolderSourceManifest } from './definition.ts';

/** Range with both ends included; null: open. */
interface KeyRange {
  readonly lower: string | null;
  readonly upper: string | null;
}

/** The files of a folder; a file's key is its path below the folder, with `/`. */
export interface FolderFiles {
  /** Path as the definition spells it. */
  readonly folder: string;
  readonly keyColumn: string;
  readonly extensions: readonly string[];
  /**
   * All keys, ordered by UTF-16 code units: the same on every machine.
   * @throws SOURCE_UNAVAILABLE where the folder cannot be read
   */
  keys(range: KeyRange | null, signal: AbortSignal): Promise<string[]>;
  /** The files with these keys that exist and changed in the range of time, in pages. */
  rows(
    keys: readonly string[],
    eventTime: EventTimeRange | null,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]>;
}

/** Number of files whose times are read at once; a page of a scan. */
const STATS_AT_ONCE = 64;

export function folderFiles(source: FolderSourceManifest, root: string): FolderFiles {
  const folder = resolve(root, source.folder);

  const wanted = (key: string): boolean =>
    !key.split('/').some((part) => part === '' || isHidden(part)) &&
    (source.extensions.length === 0 || source.extensions.includes(extname(key).toLowerCase()));

  async function keys(range: KeyRange | null, signal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    const prefixes = [''];
    for (let prefix = prefixes.pop(); prefix !== undefined; prefix = prefixes.pop()) {
      for (const entry of await untilAborted(list(join(folder, prefix)), signal)) {
        if (isHidden(entry.name)) continue;
        const key = prefix + entry.name;
        if (entry.isDirectory() && mayHold(range, `${key}/`)) prefixes.push(`${key}/`);
        else if (entry.isFile() && wanted(key) && holds(range, key)) found.push(key);
      }
    }
    return found.sort();
  }

  async function list(path: string) {
    return readdir(path, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'ENOENT' ? 'does not exist' : 'cannot be read';
      throw new LarderError(
        'SOURCE_UNAVAILABLE',
        `The folder ${shellWord(path)} ${reason} on this machine; create it, or fix the folder of the source in larder.config.ts.`,
        { cause },
      );
    });
  }

  /** Null for anything that is not a file of the folder; a key never leads out of it. */
  async function row(key: string): Promise<(SourceRow & { readonly event_timestamp: Date }) | null> {
    const path = resolve(folder, key);
    if (!wanted(key) || path !== join(folder, ...key.split('/'))) return null;
    const found = await lstat(path).catch(() => null);
    if (found === null || !found.isFile() || (await isBehindLink(path))) return null;
    return { [source.key_column]: key, path, size_bytes: found.size, event_timestamp: found.mtime };
  }

  /** Whether a folder on the way from the source's folder to the file is a link, which a scan leaves out. */
  async function isBehindLink(path: string): Promise<boolean> {
    const parent = dirname(path);
    if (parent === folder) return false;
    const [real, realFolder] = await Promise.all([realpath(parent), realpath(folder)]).catch(() => ['', '']);
    return real !== resolve(realFolder, relative(folder, parent));
  }

  return {
    folder: source.folder,
    keyColumn: source.key_column,
    extensions: source.extensions,
    keys,
    async *rows(names, eventTime, signal) {
      signal.throwIfAborted();
      for (let start = 0; start < names.length; start += STATS_AT_ONCE) {
        const page = names.slice(start, start + STATS_AT_ONCE);
        const found = await untilAborted(Promise.all(page.map(row)), signal);
        const rows = found.filter((each) => each !== null && within(each.event_timestamp, eventTime));
        if (rows.length > 0) yield rows as SourceRow[];
        signal.throwIfAborted();
      }
    },
  };
}

function isHidden(part: string): boolean {
  return part.startsWith('.');
}

function holds(range: KeyRange | null, key: string): boolean {
  if (range === null) return true;
  const { lower, upper } = range;
  return (lower === null || key >= lower) && (upper === null || key <= upper);
}

/** Whether a key with this prefix may be in the range. */
function mayHold(range: KeyRange | null, prefix: string): boolean {
  if (range === null) return true;
  const { lower, upper } = range;
  return (upper === null || prefix <= upper) && (lower === null || lower.slice(0, prefix.length) <= prefix);
}

function within(at: Date, range: EventTimeRange | null): boolean {
  return range === null || (at >= new Date(range.from) && at < new Date(range.to));
}
