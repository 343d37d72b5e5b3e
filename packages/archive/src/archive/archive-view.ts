import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLarderError } from '@larder/core';
import { viewRef, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import {
  historyMonths,
  historyPlace,
  limitSilence,
  type HistoryProject,
  type OfflineStore,
} from '@larder/offline-store';
import { sql } from 'kysely';
import type { Duckdb } from '../duckdb/open-duckdb.ts';
import { quotedName } from '../duckdb/sql-text.ts';
import { archiveColumns, fileOrder } from './archive-columns.ts';
import {
  completeFiles,
  missingFiles,
  registeredFiles,
  registerFiles,
  removeUnregistered,
  viewFolder,
  type FilesChange,
  type StagedFile,
} from './archive-files.ts';
import type { Archive } from './archive-folder.ts';
import { keepAlive, tryLock, withLock, type ArchivedView } from './archive-locks.ts';
import { compactFiles } from './compact-files.ts';
import { eraseTombstoned } from './erase-from-archive.ts';
import { loadHistory, monthsOf, rowsOfMonth } from './load-history.ts';
import { nextStep, readPosition } from './read-position.ts';
import { stageFile, type Staging } from './stage-files.ts';
import { writeViewManifest } from './view-manifest.ts';

export interface ArchiveViewOptions {
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly archive: Archive;
  /** Opened for the archive's folder. */
  readonly duckdb: Duckdb;
  /** Writes every file again. @default false */
  readonly rewrite?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ArchivedResult {
  readonly ref: string;
  /** `busy`: another process is archiving this view version; nothing was done. */
  readonly status: 'archived' | 'current' | 'busy';
  /** Rows that were written. */
  readonly rows: number;
  /** Why everything was written again; null: it was not. */
  readonly rewritten: string | null;
  /** The files hold the rows of the changes up to this position; null with `busy`. */
  readonly position: number | null;
  /** Registered files. */
  readonly files: number;
  readonly sizeBytes: number;
}

/** A snapshot may be open as long; the history cannot be vacuumed meanwhile. */
const MAX_STEP_MS = 6 * 3_600_000;
const TABLE = 'archived_rows';

/**
 * Brings the files of a view version up to date with history. Killed at any point and run again, or run twice at once,
 * the result is the same.
 * @throws WORK_MEMORY_EXCEEDED
 */
export async function archiveView(store: OfflineStore, options: ArchiveViewOptions): Promise<ArchivedResult> {
  const { project, view, archive, signal } = options;
  const target: ArchivedView = { archiveId: archive.archiveId, view: view.name, version: view.version };
  await store.db
    .insertInto('larder.archive_views')
    .values({ archive_id: target.archiveId, view: view.name, version: view.version, entity: view.entity })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const done = await tryLock(store, target, { lock: 'writing' }, async () => {
    let damaged: string | null = null;
    await completeFiles(store, archive, target).catch((error: unknown) => {
      if (!isLarderError(error) || error.code !== 'ARCHIVE_INCOMPLETE') throw error;
      damaged = 'files were missing';
    });
    await removeUnregistered(store, archive, target);
    if ((await missingFiles(archive, await registeredFiles(store, target))).length > 0)
      damaged = 'files were missing';
    let why: string | null = options.rewrite === true ? 'it was asked for' : damaged;
    let rows = 0;
    let rewritten: string | null = null;
    for (let more = true; more;) {
      signal?.throwIfAborted();
      const step = await archiveStep(store, { ...options, target, why });
      rows += step.rows;
      rewritten ??= step.rewritten;
      if (step.registered) why = null;
      ({ more } = step);
    }
    const entity = entityOf(project, view);
    const staging = { duckdb: options.duckdb, archive, target, signal };
    await eraseTombstoned(store, { ...staging, project: project.project, entity });
    await compactFiles(store, { ...staging, order: fileOrder(entity) });
    await writeViewManifest(store, { project, view, archive, target });
    const files = await registeredFiles(store, target);
    const { position = null } = (await readPosition(store, target)) ?? {};
    return {
      ref: viewRef(view),
      status: rows > 0 || rewritten !== null ? ('archived' as const) : ('current' as const),
      rows,
      rewritten,
      position,
      files: files.length,
      sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  });
  return (
    done?.result ?? {
      ref: viewRef(view),
      status: 'busy',
      rows: 0,
      rewritten: null,
      position: null,
      files: 0,
      sizeBytes: 0,
    }
  );
}

interface StepDone {
  readonly rows: number;
  readonly rewritten: string | null;
  readonly registered: boolean;
  readonly more: boolean;
}

async function archiveStep(
  store: OfflineStore,
  options: ArchiveViewOptions & { readonly target: ArchivedView; readonly why: string | null },
): Promise<StepDone> {
  const { project, view, archive, duckdb, target, signal } = options;
  const columns = archiveColumns(project, view);
  const added: StagedFile[] = [];
  try {
    const planned = await store.transaction(async (tx) => {
      await sql`set transaction isolation level repeatable read, read only`.execute(tx.db);
      await limitSilence(tx, MAX_STEP_MS);
      await sql`set local timezone = 'UTC'`.execute(tx.db);
      await sql`set local datestyle = 'ISO, YMD'`.execute(tx.db);
      const stop = keepAlive(tx);
      try {
        const archived = await readPosition(tx, target);
        if (archived === null) throw new Error(`${viewRef(view)} has no row in archive_views.`);
        const { rows: times } = await sql<{ now: Date }>`select now() as now`.execute(tx.db);
        const files = await registeredFiles(tx, target);
        const { feedId, step } = await nextStep(tx, {
          project: project.project,
          view,
          archived,
          rewrite: options.why,
        });
        const months = await historyMonths(tx, historyPlace(project, view));
        const order = fileOrder(entityOf(project, view));
        const staging: Staging = { duckdb, archive, target, order, generation: archived.generation + 1 };
        const load = async (where: string, name: string, partition?: string): Promise<void> => {
          const rows = { project, view, columns, where, signal, table: TABLE };
          await loadHistory(tx, duckdb, { ...rows, ...(partition !== undefined && { partition }) });
          for (const month of await monthsOf(duckdb, TABLE)) {
            const folder = `${viewFolder(target)}/${columns.month}=${month}`;
            const file = await stageFile(staging, rowsOfMonth(TABLE, month), { folder, month, name });
            if (file !== null) added.push(file);
          }
          await duckdb.run(`drop table ${quotedName(TABLE)}`);
        };
        if (step.kind === 'rewrite') {
          const where = `history.chunk_id <> all ('{${step.except.join()}}')`;
          for (const { partition } of months) await load(where, `0-${step.to}`, partition);
        } else if (step.chunkIds.length > 0)
          await load(
            `history.chunk_id = any ('{${step.chunkIds.join()}}')
             and history.event_timestamp between '${step.firstEvent}' and '${step.lastEvent}'`,
            `${step.from}-${step.to}`,
          );
        // Months that history no longer has, or everything.
        const kept = new Set(step.kind === 'rewrite' ? [] : months.map(({ month }) => month));
        const change: FilesChange = {
          target,
          generation: archived.generation,
          added,
          removed: files.filter(({ month }) => !kept.has(month)).map(({ path }) => path),
          set: {
            feed_id: feedId,
            position: step.to,
            ...(step.kind === 'rewrite' && { erased_until: times[0]?.now ?? null }),
          },
        };
        return { change, step };
      } finally {
        stop();
      }
    });
    const { change, step } = planned;
    const register = async (): Promise<boolean> => {
      const registered = await registerFiles(store, change);
      if (registered) await completeFiles(store, archive, target);
      return registered;
    };
    const registered =
      change.removed.length === 0
        ? await register()
        : await withLock(store, target, { lock: 'files', signal }, register);
    if (!registered) await discard(archive, added);
    return {
      rows: registered ? added.reduce((sum, { rows }) => sum + rows, 0) : 0,
      rewritten: registered && step.kind === 'rewrite' ? step.why : null,
      registered,
      more: !registered || (step.kind === 'append' && step.more),
    };
  } catch (error) {
    await removeUnregistered(store, archive, target).catch(() => {});
    throw error;
  }
}

function entityOf(project: HistoryProject, view: FeatureViewManifest): EntityManifest {
  const entity = project.entities[view.entity];
  if (entity === undefined)
    throw new Error(`Feature view ${viewRef(view)} names entity ${view.entity}, which the manifest lacks.`);
  return entity;
}

async function discard(archive: Archive, files: readonly StagedFile[]): Promise<void> {
  for (const { stagedAs } of files) await rm(join(archive.folder, stagedAs), { force: true });
}
