import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startLoop, type Logger, type Loop } from '@larder/core';

const INTERVAL_MS = 3_600_000;
const DAY_MS = 86_400_000;
const BUILT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Rows that a comparison left which was killed together with its service. */
const COMPARISON = /^comparison-/;

export interface SweepOptions {
  readonly folder: string;
  readonly keptMs: number | 'forever';
  readonly logger: Logger;
}

/** Folders of training sets, and what belongs to builds. */
export function foldersOf(folder: string) {
  return {
    setOf: (id: string) => join(folder, id),
    uploadOf: (id: string, format: string) => join(folder, 'uploads', `${id}.${format}`),
    temporary: join(folder, 'work'),
  };
}

/** Deletes training sets whose time is over, and uploads that a killed service left behind. */
export function sweepFolder({ folder, keptMs, logger }: SweepOptions): Loop {
  return startLoop({
    name: 'Deleting old training sets',
    intervalMs: INTERVAL_MS,
    logger,
    async turn() {
      await removeOlder(folder, { names: BUILT, olderMs: keptMs });
      // Services may share the folder: what is a day old is nobody's work any more.
      await removeOlder(join(folder, 'uploads'), { names: /./, olderMs: DAY_MS });
      await removeOlder(foldersOf(folder).temporary, { names: COMPARISON, olderMs: DAY_MS });
    },
  });
}

async function removeOlder(
  folder: string,
  { names, olderMs }: { readonly names: RegExp; readonly olderMs: number | 'forever' },
): Promise<void> {
  if (olderMs === 'forever') return;
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const written = names.test(name) ? await stat(path).catch(() => null) : null;
    if (written !== null && Date.now() - written.mtimeMs > olderMs)
      await rm(path, { recursive: true, force: true });
  }
}
