import { entityKey, keepsValues, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import {
  appendHistory,
  completeRows,
  ensureHistoryPartitions,
  erasedAmong,
  holdOffErasures,
  limitSilence,
  lockKept,
  recordChange,
  recordSeenKeys,
  type HistoryProject,
  type HistoryRow,
  type OfflineStore,
  type SeenKeys,
  type StoreTransaction,
} from '@larder/offline-store';
import { sql } from 'kysely';
import {
  lockChunk,
  recordLanding,
  type ChunkAttempt,
  type LandedFailure,
  type Landing,
} from '../runs/index.ts';

export interface LandRowsOptions extends Landing, ChunkAttempt {
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
  readonly rows: readonly HistoryRow[];
  /** Keys that the source returned, of a run that ends the others. @default not recorded */
  readonly seenKeys?: Pick<SeenKeys, 'keys' | 'revision'> | null;
  /** How long one statement may take: COPY of a large chunk takes longer than a lease. @default leaseMs */
  readonly statementMs?: number;
}

/**
 * Writes history, row failures, the chunk's state and the change for the feed in one transaction under the chunk's
 * lock, without what belongs to erased entities.
 * @returns the rows that landed; null when the attempt has been revoked: then nothing is written
 */
export async function landRows(
  store: OfflineStore,
  options: LandRowsOptions,
): Promise<readonly HistoryRow[] | null> {
  await ensureHistoryPartitions(store, options.project, options.view, options.rows);
  return store.transaction(async (tx) => {
    await limitSilence(tx, options.leaseMs, options.statementMs);
    if (!(await lockChunk(tx, options))) return null;
    const given = await withCorrections(tx, options);
    const rows = await appendHistory(tx, options.project, options.view, given);
    if (options.seenKeys)
      await recordSeenKeys(tx, options.project, options.view, { ...options, ...options.seenKeys });
    if (rows.some(({ isGone }) => isGone)) await markGone(tx, options);
    const failures = await withoutErased(tx, options);
    const done = options.counts.done + given.length - options.rows.length;
    await recordLanding(tx, {
      ...options,
      counts: { ...options.counts, done },
      failures,
      erased: given.length - rows.length,
    });
    await tellLanding(tx, { ...options, rows });
    return rows;
  });
}

/** The rows, and the newest rows again that kept older values than these (`completeRows`). */
async function withCorrections(
  tx: StoreTransaction,
  { project, view, rows }: LandRowsOptions,
): Promise<readonly HistoryRow[]> {
  if (!keepsValues(view)) return rows;
  const entity = project.entities[view.entity] as EntityManifest;
  await lockKept(
    tx,
    project,
    view,
    rows.map(({ keys }) => entityKey(entity, keys)),
  );
  const { rows: given, corrections } = await completeRows(tx, project, view, rows);
  return [...given, ...corrections];
}

/** From now on, runs of the view look whether a key is back. */
async function markGone({ db }: StoreTransaction, { project, view }: LandRowsOptions): Promise<void> {
  await sql`
    insert into larder.view_freshness as f (project, view, version, newest_gone_at)
    values (${project.project}, ${view.name}, ${view.version}, now())
    on conflict (project, view, version) do update
      set newest_gone_at = greatest(f.newest_gone_at, excluded.newest_gone_at)`.execute(db);
}

/** Failures name the entity's key. */
async function withoutErased(
  tx: StoreTransaction,
  { project, view, failures }: LandRowsOptions,
): Promise<readonly LandedFailure[]> {
  const keys = failures.flatMap((failure) => failure.entityKey ?? []);
  const entity = project.entities[view.entity] as EntityManifest;
  if (keys.length === 0 || !(await holdOffErasures(tx, project.project, entity.name))) return failures;
  const erased = await erasedAmong(tx, { project: project.project, entity: entity.name, keys });
  return failures.filter((failure) => failure.entityKey === null || !erased.has(failure.entityKey));
}

/** The chunk's rows as one change of the feed, told with the transaction; nothing when there are none. */
export async function tellLanding(
  tx: StoreTransaction,
  options: Pick<LandRowsOptions, 'project' | 'view' | 'rows' | 'runId' | 'chunkId'>,
): Promise<void> {
  const { project, view, rows, runId, chunkId } = options;
  const [row] = rows;
  if (row === undefined) return;
  let [first, last] = [row.eventTimestampMs, row.eventTimestampMs];
  for (const { eventTimestampMs } of rows) {
    if (eventTimestampMs < first) first = eventTimestampMs;
    else if (eventTimestampMs > last) last = eventTimestampMs;
  }
  await recordChange(tx, project.project, {
    kind: 'landed',
    view: view.name,
    version: view.version,
    runId,
    chunkId,
    revision: row.revision,
    rows: rows.length,
    firstEventTimestampMs: first,
    lastEventTimestampMs: last,
  });
}
