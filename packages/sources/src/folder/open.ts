import type { RowSource } from '../row-source.ts';
import type { SourceContext } from '../source-context.ts';
import { check } from './check.ts';
import type { FolderSourceManifest } from './definition.ts';
import { folderFiles } from './folder-files.ts';
import { lookup } from './lookup.ts';
import { plan } from './plan.ts';
import { scan } from './scan.ts';

/** A row for each file below a folder. Every method @throws SOURCE_UNAVAILABLE where the folder cannot be read. */
export function openFolderSource(
  source: FolderSourceManifest,
  { root }: Pick<SourceContext, 'root'>,
): RowSource {
  const files = folderFiles(source, root);
  return {
    plan: (options, signal) => plan(files, options, signal),
    scan: (bounds, signal) => scan(files, bounds, signal),
    lookup: (keys, signal) => lookup(files, keys, signal),
    check: (signal) => check(files, signal),
  };
}
