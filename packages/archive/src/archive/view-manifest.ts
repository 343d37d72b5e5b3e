import { join } from 'node:path';
import type { FeatureViewManifest } from '@larder/features';
import type { HistoryProject, OfflineStore } from '@larder/offline-store';
import { mkdir } from 'node:fs/promises';
import { registeredFiles, viewFolder } from './archive-files.ts';
import { ARCHIVE_FORMAT, type Archive } from './archive-folder.ts';
import type { ArchivedView } from './archive-locks.ts';
import { readPosition } from './read-position.ts';
import { writeWhole } from './whole-files.ts';

/** For readers outside of Larder: what the files beside it hold, as of its writing. */
export async function writeViewManifest(
  store: Pick<OfflineStore, 'db'>,
  {
    project,
    view,
    archive,
    target,
  }: {
    readonly project: HistoryProject;
    readonly view: FeatureViewManifest;
    readonly archive: Archive;
    readonly target: ArchivedView;
  },
): Promise<void> {
  const files = await registeredFiles(store, target);
  const folder = join(archive.folder, viewFolder(target));
  await mkdir(folder, { recursive: true });
  const manifest = {
    format: ARCHIVE_FORMAT,
    project: project.project,
    view: view.name,
    version: view.version,
    entity: view.entity,
    join_keys: project.entities[view.entity]?.join_keys ?? [],
    ttl_ms: view.ttl_ms,
    features: view.schema,
    position: (await readPosition(store, target))?.position ?? null,
    files: files.map(({ path, month, rows, sizeBytes }) => ({
      path: path.slice(viewFolder(target).length + 1),
      month,
      rows,
      size_bytes: sizeBytes,
    })),
  };
  await writeWhole(join(folder, '_larder.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
