import { LarderError } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { EraseFromArchives } from './forget-entity.ts';

/** Erases from the project's archives in this process; DuckDB is loaded only where there are any. */
export function eraseFromArchivesHere(store: OfflineStore): EraseFromArchives {
  return async ({ project, entity, keys }) => {
    if (!(await hasArchives(store, project))) return { rows: 0, unreachable: [] };
    const { eraseFromArchive } = await import('@larder/archive');
    return eraseFromArchive(store, { project, entity, key: keys });
  };
}

/** For a process that answers requests: rewriting files would take its processor time. */
export function leaveArchivesToWorkers(store: OfflineStore): EraseFromArchives {
  return async ({ project }) => {
    if (!(await hasArchives(store, project))) return { rows: 0, unreachable: [] };
    throw new LarderError(
      'ERASURE_UNFINISHED',
      'Everything is erased except the files of archives, which a worker writes again without the key.',
    );
  };
}

async function hasArchives(store: OfflineStore, project: string): Promise<boolean> {
  const archive = await store.db
    .selectFrom('larder.archives')
    .select('archive_id')
    .where('project', '=', project)
    .limit(1)
    .executeTakeFirst();
  return archive !== undefined;
}
