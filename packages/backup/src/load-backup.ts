import { createReadStream } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { LarderError } from '@larder/core';
import type { FeatureViewManifest, Manifest } from '@larder/features';
import { syncChainsIn } from '@larder/materialization/chains';
import { syncSchedulesIn } from '@larder/materialization/schedules';
import {
  ensureEventsIn,
  ensureHistory,
  ensureHistoryIn,
  ensureTilesIn,
  historyPlace,
  limitSilence,
  recordAudit,
  type OfflineStore,
  type StoreTransaction,
} from '@larder/offline-store';
import { bumpRevisionIn, keepArtifactsIn, type ArtifactStore } from '@larder/registry';
import { sql } from 'kysely';
import { DEFINITIONS, verifyFolder, type BackupContents } from './backup-folder.ts';
import { loadControl, refuseTarget } from './load-control.ts';
import { loadHistoryFile } from './load-history-file.ts';

export interface LoadedBackup {
  readonly contents: BackupContents;
  /** Files of history that this call loaded; the others were there from an earlier try. */
  readonly loaded: number;
}

export interface LoadBackupOptions {
  readonly dir: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (text: string) => void;
}

const MAX_MS = 6 * 3_600_000;

/**
 * Loads a backup into a database where its project is not applied: history month by month, artifacts, and then the control
 * tables in one transaction, which applies the project. Killed at any point and run again, the result is the same.
 * @throws BACKUP_DAMAGED before anything is written; BACKUP_REFUSED
 */
export async function loadBackup(
  store: OfflineStore,
  artifacts: ArtifactStore,
  { dir, signal, onProgress = () => {} }: LoadBackupOptions,
): Promise<LoadedBackup> {
  const contents = await verifyFolder(dir, signal);
  const folder = await realpath(dir);
  await refuseTarget(store, contents);
  const manifest = JSON.parse(await readFile(join(folder, DEFINITIONS), 'utf8')) as Manifest;
  const files = new Map(contents.files.map((file) => [file.path, file]));
  let loaded = 0;
  const duckdb = await openDuckdb({ folders: [folder], ...(signal && { signal }) });
  try {
    for (const file of contents.history) {
      signal?.throwIfAborted();
      onProgress(`history of ${file.view}@${file.version}, ${file.month}`);
      const view = viewOf(manifest, file);
      await ensureHistory(store, manifest, view);
      const sha256 = files.get(file.path)?.sha256 as string;
      if (await loadHistoryFile(store, duckdb, { folder, file, sha256, manifest, view, signal })) loaded++;
    }
  } finally {
    await duckdb.close();
  }
  // Last before the references: what nothing refers to is collected after an hour.
  for (const sha256 of contents.objects) {
    signal?.throwIfAborted();
    const path = join(folder, 'objects', sha256);
    const sizeBytes = files.get(`objects/${sha256}`)?.size_bytes as number;
    await artifacts.write({ sha256, sizeBytes, open: () => createReadStream(path) });
  }
  await store.transaction(async (tx) => {
    await limitSilence(tx, MAX_MS);
    await tx.client.query('lock table larder.manifests in share row exclusive mode');
    await refuseTarget(tx, contents);
    await bumpRevisionIn(tx, contents.project);
    await loadControl(tx, { folder, contents, signal });
    await keepArtifactsIn(tx, { artifacts: contents.artifacts, objects: contents.objects });
    for (const source of Object.values(manifest.event_sources ?? {}))
      await ensureEventsIn(tx, manifest, source);
    for (const view of Object.values(manifest.feature_views)) {
      await ensureHistoryIn(tx, manifest, view);
      await ensureTilesIn(tx, manifest, view);
    }
    await syncSchedulesIn(tx, manifest);
    await syncChainsIn(tx, manifest);
    for (const ref of new Set(contents.history.map((file) => `${file.view}@${file.version}`)))
      await recordFreshness(tx, manifest, manifest.feature_views[ref] as FeatureViewManifest);
    await recordAudit(tx, {
      project: contents.project,
      action: 'project.load',
      subject: `project ${contents.project}`,
      after: `backup of ${contents.created_at}`,
    });
  });
  return { contents, loaded };
}

function viewOf(manifest: Manifest, file: BackupContents['history'][number]): FeatureViewManifest {
  const view = manifest.feature_views[`${file.view}@${file.version}`];
  if (view !== undefined) return view;
  throw new LarderError('BACKUP_DAMAGED', `${DEFINITIONS} has no view ${file.view}@${file.version}.`);
}

async function recordFreshness(
  tx: StoreTransaction,
  manifest: Manifest,
  view: FeatureViewManifest,
): Promise<void> {
  const { schema, name } = historyPlace(manifest, view);
  await sql`
    insert into larder.view_freshness
      (project, view, version, newest_event_timestamp, newest_landed_at, newest_online_at, rows_online)
    select ${manifest.project}, ${view.name}, ${view.version}::int, max(h.event_timestamp), max(h.landed_at),
      max(o.online_at), count(o.online_at)
    from ${sql.table(`${schema}.${name}`)} h left join larder.chunk_online_times o using (chunk_id)
    having count(*) > 0
    on conflict do nothing`.execute(tx.db);
}
