import { LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest } from '@larder/features';
import {
  historyMonths,
  historyPlace,
  limitSilence,
  type OfflineStore,
  type PointInTimeJoin,
} from '@larder/offline-store';
import { sql } from 'kysely';
import type { Duckdb } from '../duckdb/open-duckdb.ts';
import { quotedName, textLiteral } from '../duckdb/sql-text.ts';
import { archiveColumns } from '../archive/archive-columns.ts';
import {
  completeFiles,
  incomplete,
  missingFiles,
  registeredFiles,
  type ArchiveFile,
} from '../archive/archive-files.ts';
import type { Archive } from '../archive/archive-folder.ts';
import { keepAlive, withLock, type ArchivedView } from '../archive/archive-locks.ts';
import { loadHistory } from '../archive/load-history.ts';
import { nextStep, readPosition } from '../archive/read-position.ts';
import { filesRelation } from '../archive/stage-files.ts';

/** The history of a view version, from its files and from what landed since. */
export interface ArchivedHistory {
  readonly view: FeatureViewManifest;
  /** A relation of DuckDB with the columns of the archive. */
  readonly relation: string;
  /** At least as many as the relation has. */
  readonly rows: number;
}

export interface ReadArchivedHistoryOptions {
  readonly duckdb: Duckdb;
  readonly archive: Archive;
  readonly join: Pick<PointInTimeJoin, 'project' | 'views' | 'landedBefore'>;
  /** Later event timestamps are of no interest. */
  readonly until: Date;
  readonly signal?: AbortSignal | undefined;
}

/** The snapshot may be open as long. */
const MAX_FRESH_MS = 3_600_000;

/**
 * Gives `work` the history of the join's views as of one snapshot: files on record, which stay in place meanwhile, and
 * from PostgreSQL the rows whose changes come after the archive's position or have none yet.
 * @throws ARCHIVE_BEHIND when the files and the feed of changes do not make up the whole history
 * @throws ARCHIVE_INCOMPLETE
 */
export async function readArchivedHistory<T>(
  store: OfflineStore,
  options: ReadArchivedHistoryOptions,
  work: (histories: ReadonlyMap<string, ArchivedHistory>) => Promise<T>,
): Promise<T> {
  const { archive, join, signal } = options;
  const views = new Map(join.views.map(({ view }) => [viewRef(view), view]));
  const targets = [...views.values()].map(({ name, version }): ArchivedView => ({
    archiveId: archive.archiveId,
    view: name,
    version,
  }));
  return withLock(store, targets, { lock: 'files', shared: true, signal }, async () => {
    for (const target of targets) await completeFiles(store, archive, target);
    const histories = await store.transaction(async (tx) => {
      await sql`set transaction isolation level repeatable read, read only`.execute(tx.db);
      await limitSilence(tx, MAX_FRESH_MS);
      await sql`set local timezone = 'UTC'`.execute(tx.db);
      await sql`set local datestyle = 'ISO, YMD'`.execute(tx.db);
      const stop = keepAlive(tx);
      try {
        const read = new Map<string, ArchivedHistory>();
        for (const [ref, view] of views)
          read.set(ref, await readView(tx, { ...options, view, at: read.size }));
        return read;
      } finally {
        stop();
      }
    });
    try {
      return await work(histories);
    } finally {
      for (let at = 0; at < views.size; at++)
        await options.duckdb.run(`drop table if exists ${freshTable(at)}`).catch(() => {});
    }
  });
}

const freshTable = (at: number): string => `fresh_rows_${at}`;

async function readView(
  tx: Parameters<typeof loadHistory>[0],
  options: ReadArchivedHistoryOptions & { readonly view: FeatureViewManifest; readonly at: number },
): Promise<ArchivedHistory> {
  const { duckdb, archive, join, view, until, signal } = options;
  const target: ArchivedView = { archiveId: archive.archiveId, view: view.name, version: view.version };
  const archived = await readPosition(tx, target);
  if (archived === null || archived.position === null) throw behind(view, 'it was never archived');
  const { step } = await nextStep(tx, { project: join.project.project, view, archived, rewrite: null });
  if (step.kind === 'rewrite') throw behind(view, step.why);
  const months = new Set(
    (await historyMonths(tx, historyPlace(join.project, view))).map(({ month }) => month),
  );
  const last = until.toISOString().slice(0, 7);
  const files = (await registeredFiles(tx, target)).filter(({ month }) => months.has(month) && month <= last);
  const [missing] = await missingFiles(archive, files);
  if (missing !== undefined) throw incomplete(archive, missing);
  const { rows } = await sql<{ chunkId: number; rows: number }>`
    select chunk_id as "chunkId", rows from larder.changes
    where project = ${join.project.project} and position > ${archived.position} and kind = 'landed'
      and view = ${view.name} and version = ${view.version}
    union all
    select chunk_id, rows from larder.unnumbered_changes
    where project = ${join.project.project} and kind = 'landed' and view = ${view.name} and version = ${view.version}`.execute(
    tx.db,
  );
  const columns = archiveColumns(join.project, view);
  const landedBefore = textLiteral(join.landedBefore.toISOString());
  const table = freshTable(options.at);
  await loadHistory(tx, duckdb, {
    project: join.project,
    view,
    columns,
    where: `history.chunk_id = any ('{${rows.map(({ chunkId }) => chunkId).join()}}')
      and history.event_timestamp <= ${textLiteral(until.toISOString())}`,
    signal,
    table,
  });
  const names = columns.columns.map(({ name }) => quotedName(name)).join(', ');
  const parts = [`select ${names} from ${table}`, ...filesPart(archive, files, names)];
  return {
    view,
    relation: `(select * from (${parts.join(' union all ')}) where landed_at < ${landedBefore}::timestamptz)`,
    rows: [...files, ...rows].reduce((sum, each) => sum + each.rows, 0),
  };
}

function filesPart(archive: Archive, files: readonly ArchiveFile[], names: string): string[] {
  if (files.length === 0) return [];
  const relation = filesRelation(
    archive,
    files.map(({ path }) => path),
  );
  return [`select ${names} from ${relation}`];
}

function behind(view: FeatureViewManifest, why: string): LarderError {
  return new LarderError(
    'ARCHIVE_BEHIND',
    `The archive does not have the history of ${viewRef(view)}: ${why}. Run: larder archive ${view.name}`,
  );
}
