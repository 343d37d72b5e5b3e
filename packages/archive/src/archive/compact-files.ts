import type { OfflineStore } from '@larder/offline-store';
import { registeredFiles, type ArchiveFile } from './archive-files.ts';
import { replaceFiles } from './replace-files.ts';
import type { Staging } from './stage-files.ts';

/** A month with more files is compacted. */
const MAX_FILES = 8;

/** Writes the small files of months that have many as one file each. Only with the lock `writing`. */
export async function compactFiles(
  store: OfflineStore,
  staging: Omit<Staging, 'generation'> & { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const byMonth = Map.groupBy(await registeredFiles(store, staging.target), ({ month }) => month);
  for (const files of byMonth.values())
    if (files.length > MAX_FILES)
      await replaceFiles(store, staging, { replaced: [{ files: smallFiles(files) }], whenRead: 'skip' });
}

/** Without those that are larger than all smaller ones together: a row is written again only as its file doubles. */
function smallFiles(files: readonly ArchiveFile[]): readonly ArchiveFile[] {
  const sorted = files.toSorted((a, b) => a.sizeBytes - b.sizeBytes);
  let sum = sorted.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  while (sorted.length > 2) {
    const largest = sorted.at(-1)?.sizeBytes ?? 0;
    if (largest <= sum - largest) break;
    sum -= largest;
    sorted.pop();
  }
  return sorted;
}
