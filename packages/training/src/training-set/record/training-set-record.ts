import { hostname } from 'node:os';
import type { OfflineStore } from '@larder/offline-store';
import type { TrainingSetManifest } from '../training-set-manifest.ts';
import type { TrainingSetStatistics } from '../training-set-statistics.ts';

export interface StartedBuild {
  readonly trainingSetId: string;
  readonly project: string;
  readonly model: { readonly name: string; readonly version: number } | null;
  readonly request: unknown;
  readonly folder: string;
  readonly actor: string;
  /** Of the service that builds it; null: a command. */
  readonly processId: string | null;
}

/** Records that a build starts, and that builds of this host have ended whose process is gone. */
export async function recordStart({ db }: Pick<OfflineStore, 'db'>, started: StartedBuild): Promise<void> {
  const host = hostname();
  const building = await db
    .selectFrom('larder.training_sets')
    .select(['training_set_id', 'pid'])
    .where('host', '=', host)
    .where('status', '=', 'building')
    .execute();
  const dead = building.filter(({ pid }) => pid !== process.pid && !isAlive(pid));
  if (dead.length > 0)
    await db
      .updateTable('larder.training_sets')
      .set({
        status: 'failed',
        finished_at: new Date(),
        error_code: 'TRAINING_SET_STOPPED',
        error_reason: 'The process was killed.',
      })
      .where(
        'training_set_id',
        'in',
        dead.map(({ training_set_id: id }) => id),
      )
      .where('status', '=', 'building')
      .execute();
  const build = {
    model: started.model?.name ?? null,
    model_version: started.model?.version ?? null,
    pid: process.pid,
  };
  await db
    .insertInto('larder.training_sets')
    .values({
      ...build,
      training_set_id: started.trainingSetId,
      project: started.project,
      request: JSON.stringify(started.request),
      host,
      process_id: started.processId,
      folder: started.folder,
      actor: started.actor,
    })
    // A service records a build before its turn comes.
    .onConflict((conflict) => conflict.column('training_set_id').doUpdateSet(build))
    .execute();
}

export async function recordComplete(
  { db }: Pick<OfflineStore, 'db'>,
  manifest: TrainingSetManifest,
  {
    statistics,
    keyHashes,
  }: { readonly statistics: TrainingSetStatistics; readonly keyHashes: Buffer | null },
): Promise<void> {
  await db
    .updateTable('larder.training_sets')
    .set({
      status: 'complete',
      manifest: JSON.stringify(manifest),
      statistics: JSON.stringify(statistics),
      key_hashes: keyHashes,
      finished_at: new Date(),
      error_code: null,
      error_reason: null,
    })
    .where('training_set_id', '=', manifest.training_set_id)
    .execute();
}

export async function recordFailure(
  { db }: Pick<OfflineStore, 'db'>,
  trainingSetId: string,
  { code, reason }: { readonly code: string; readonly reason: string },
): Promise<void> {
  await db
    .updateTable('larder.training_sets')
    .set({ status: 'failed', finished_at: new Date(), error_code: code, error_reason: reason })
    .where('training_set_id', '=', trainingSetId)
    .where('status', '=', 'building')
    .execute();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
