import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OfflineStore } from '@larder/offline-store';
import { completeFiles, registerFiles, type ArchiveFile, type StagedFile } from './archive-files.ts';
import { tryLock, withLock } from './archive-locks.ts';
import { readPosition } from './read-position.ts';
import { filesRelation, stageFile, type Staging } from './stage-files.ts';

/** Files of one month that become one. */
export interface Replaced {
  readonly files: readonly ArchiveFile[];
  /** DuckDB's condition for the rows that stay. @default all */
  readonly where?: string;
}

/** Writes files again, each group as one, and replaces them at once. Only with the lock `writing`. */
export async function replaceFiles(
  store: OfflineStore,
  staging: Omit<Staging, 'generation'> & { readonly signal?: AbortSignal | undefined },
  {
    replaced,
    whenRead,
  }: {
    readonly replaced: readonly Replaced[];
    /** What to do while somebody reads the files: wait, or leave them as they are. */
    readonly whenRead: 'wait' | 'skip';
  },
): Promise<void> {
  const { archive, target, signal } = staging;
  const generation = (await readPosition(store, target))?.generation;
  if (generation === undefined) return;
  const added: StagedFile[] = [];
  const removed = replaced.flatMap(({ files }) => files.map(({ path }) => path));
  let registered = false;
  try {
    for (const { files, where = 'true' } of replaced) {
      const [first] = files;
      if (first === undefined) continue;
      const rows = `(select * from ${filesRelation(
        archive,
        files.map(({ path }) => path),
      )} where ${where})`;
      const file = await stageFile({ ...staging, generation: generation + 1 }, rows, {
        folder: dirname(first.path),
        month: first.month,
        name: rangeOf(files),
      });
      if (file !== null) added.push(file);
    }
    const register = async (): Promise<void> => {
      registered = await registerFiles(store, { target, generation, added, removed, set: {} });
      // Does not happen while the lock `writing` is held: it was lost with its connection.
      if (!registered)
        throw new Error(`The archive of ${target.view}@${target.version} was changed by another process.`);
      await completeFiles(store, archive, target);
    };
    if (whenRead === 'skip') await tryLock(store, target, { lock: 'files' }, register);
    else await withLock(store, target, { lock: 'files', signal }, register);
  } finally {
    if (!registered)
      for (const { stagedAs } of added) await rm(join(archive.folder, stagedAs), { force: true });
  }
}

/** Positions in the names of the files: `12-40`. */
function rangeOf(files: readonly ArchiveFile[]): string {
  const ranges = files.map(
    ({ path }) => /(\d+)-(\d+)-g\d+\.parquet$/.exec(path)?.slice(1).map(Number) ?? [0, 0],
  );
  return `${Math.min(...ranges.map(([first = 0]) => first))}-${Math.max(...ranges.map(([, last = 0]) => last))}`;
}
