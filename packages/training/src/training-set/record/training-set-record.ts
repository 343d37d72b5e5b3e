import { hostname } from 'node:os';
import { recordAudit, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { holdsSet } from '../output/holds-set.ts';
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

/** What is kept of a set whose files are written. */
export interface WrittenRecord {
  readonly manifest: TrainingSetManifest;
  readonly statistics: TrainingSetStatistics;
  /** Null: too many keys to be listed. */
  readonly keyHashes: Buffer | null;
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
  for (const { training_set_id: id, pid } of building)
    if (pid !== process.pid && !isAlive(pid))
      await recordFailure({ db }, id, { code: 'TRAINING_SET_STOPPED', reason: 'The process was killed.' });
  const build = {
    model: started.model?.name ?? null,
    model_version: started.model?.version ?? null,
    pid: process.pid,
  };
  await db.transaction().execute(async (tx) => {
    const { isNew } = await tx
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
      // A service records a build before its turn comes; the audit has it then.
      .onConflict((conflict) => conflict.column('training_set_id').doUpdateSet(build))
      .returning(sql<boolean>`xmax = 0`.as('isNew'))
      .executeTakeFirstOrThrow();
    if (!isNew) return;
    const subject = `training set ${started.trainingSetId}`;
    await recordAudit({ db: tx }, { project: started.project, action: 'training-set.build', subject });
  });
}

/** Records what the set holds before its folder appears: a receipt of an erasure must not miss a set whose build dies then. */
export async function recordWritten({ db }: Pick<OfflineStore, 'db'>, written: WrittenRecord): Promise<void> {
  await db
    .updateTable('larder.training_sets')
    .set(columnsOf(written))
    .where('training_set_id', '=', written.manifest.training_set_id)
    .execute();
}

export async function recordComplete(
  { db }: Pick<OfflineStore, 'db'>,
  written: WrittenRecord,
): Promise<void> {
  await db
    .updateTable('larder.training_sets')
    .set({ ...COMPLETE, ...columnsOf(written), finished_at: new Date() })
    .where('training_set_id', '=', written.manifest.training_set_id)
    .execute();
}

/** Ends a build that is on record as `building`: complete where its folder is there, else failed. */
export async function recordFailure(
  { db }: Pick<OfflineStore, 'db'>,
  trainingSetId: string,
  { code, reason }: { readonly code: string; readonly reason: string },
): Promise<void> {
  const build = await db
    .selectFrom('larder.training_sets')
    .select(['folder', 'host', sql<boolean>`manifest is not null`.as('written')])
    .where('training_set_id', '=', trainingSetId)
    .where('status', '=', 'building')
    .executeTakeFirst();
  if (build === undefined) return;
  const failed = { status: 'failed' as const, error_code: code, error_reason: reason };
  // Another host may have the folder.
  const unwritten = build.host === hostname() ? UNWRITTEN : {};
  const published = build.written && (await holdsSet(build.folder, trainingSetId));
  await db
    .updateTable('larder.training_sets')
    .set({ ...(published ? COMPLETE : { ...failed, ...unwritten }), finished_at: new Date() })
    .where('training_set_id', '=', trainingSetId)
    .where('status', '=', 'building')
    .execute();
}

const COMPLETE = { status: 'complete', error_code: null, error_reason: null } as const;
const UNWRITTEN = { manifest: null, statistics: null, key_hashes: null } as const;

function columnsOf({ manifest, statistics, keyHashes }: WrittenRecord) {
  return {
    manifest: JSON.stringify(manifest),
    statistics: JSON.stringify(statistics),
    key_hashes: keyHashes,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
