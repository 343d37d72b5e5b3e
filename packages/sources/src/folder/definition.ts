import type { Entity, SourceDescriptor, SourceManifest, SourceProblem } from '@larder/features';
import { z } from 'zod';

/** The columns of a file: its key, and facts about it. */
export type FileRow<Key extends string> = Readonly<Record<Key, string>> & {
  /** Absolute. */
  readonly path: string;
  readonly size_bytes: number;
  /** Time of the last change. */
  readonly event_timestamp: Date;
};

/** A row for each file of a folder. */
export interface FolderSource<Key extends string = string> extends SourceDescriptor<FileRow<Key>> {
  readonly kind: 'folder';
  /** Relative to larder.config.ts, or absolute; every worker must see it. */
  readonly folder: string;
  /** Column that holds the file's path below the folder, `shoes/red.jpg`: the entity's join key. */
  readonly key: string;
  /** Lower case with the dot, sorted; empty: every file. */
  readonly extensions: readonly string[];
  readonly manifest: FolderSourceManifest;
}

export interface FolderSourceManifest extends SourceManifest {
  readonly kind: 'folder';
  readonly folder: string;
  readonly key_column: string;
  readonly extensions: readonly string[];
  readonly event_timestamp_column: 'event_timestamp';
  readonly created_timestamp_column: null;
}

export const folderManifest = z.strictObject({
  kind: z.literal('folder'),
  folder: z.string(),
  key_column: z.string(),
  extensions: z.array(z.string()),
  event_timestamp_column: z.literal('event_timestamp'),
  created_timestamp_column: z.null(),
});

export interface FolderSourceOptions<Key extends string = string> {
  readonly folder: string;
  readonly key: Key;
  /** `['.jpg', '.png']`, in any case. @default every file */
  readonly extensions?: readonly string[];
}

/**
 * A row for each file below a folder: the key column, `path` (absolute), `size_bytes`, and the time of the last change
 * as `event_timestamp`. Hidden files and links are left out.
 */
export function folderSource<const Key extends string>(options: FolderSourceOptions<Key>): FolderSource<Key> {
  const source = {
    kind: 'folder' as const,
    connection: null,
    folder: options.folder,
    key: options.key,
    extensions: [...new Set((options.extensions ?? []).map((extension) => extension.toLowerCase()))].sort(),
  };
  const manifest = {
    kind: source.kind,
    folder: source.folder,
    key_column: source.key,
    extensions: source.extensions,
    event_timestamp_column: 'event_timestamp' as const,
    created_timestamp_column: null,
  };
  return { ...source, manifest, problems: ({ entity }) => problemsOf(manifest, entity) };
}

/** The folder itself may be created later, and exist only on the workers' machine. */
function problemsOf(source: FolderSourceManifest, entity: Entity | undefined): SourceProblem[] {
  const problems: SourceProblem[] = [];
  if (source.folder === '')
    problems.push({ path: ['folder'], detail: "is empty; name a folder such as 'pictures'." });
  const [joinKey, ...others] = Object.entries(entity?.joinKeys ?? {});
  const isKey = joinKey?.[0] === source.key_column && joinKey[1].type === 'string';
  if (!isKey || others.length > 0)
    problems.push({
      path: ['key'],
      detail: `must be the one join key of the view's entity, a string; it is '${source.key_column}'.`,
    });
  for (const [index, extension] of source.extensions.entries())
    if (!/^\.[^./\\]+$/.test(extension))
      problems.push({
        path: ['extensions', index],
        detail: `'${extension}' must be an extension with its dot, such as '.jpg'.`,
      });
  return problems;
}
