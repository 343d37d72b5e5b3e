import { LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { historyPlace, jumpBeyond, noticeRecovery, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { removeUnknown, type RemoveUnknownDeps, type UnknownRows } from './remove-unknown.ts';
import {
  restoreOnlineStore,
  type RestoreDeps,
  type RestoreOptions,
  type RestoreReport,
} from './restore-online-store.ts';

export interface AuthoritativeDeps extends RestoreDeps, Pick<RemoveUnknownDeps, 'applied'> {}

export interface AuthoritativeOptions extends RestoreOptions {
  /** The views are all that are applied: rows of others are removed too. */
  readonly everything: boolean;
  readonly nowMs: number;
  /** Asked when something looks wrong, with what does, before anything is removed. True: go on. */
  readonly confirm: (doubts: readonly string[]) => Promise<boolean>;
  readonly onEntities?: (entities: number) => void;
  /** Called before anything is restored: erases again who came back with history. */
  readonly eraseFirst?: () => Promise<unknown>;
}

export interface AuthoritativeReport extends RestoreReport {
  /** Rows that history did not know, by view version. */
  readonly removed: Readonly<Record<string, number>>;
  /** Numbers jumped ahead in this call. */
  readonly jumped: boolean;
}

/** Share of a store's rows beyond which it is doubtful that history is the one to believe. */
const DOUBTFUL_SHARE = 0.5;

/**
 * Makes the online store say what history says, after PostgreSQL was restored to an earlier time: lets numbers jump ahead,
 * removes rows that history does not know, erases again who was erased since, then restores the others. Looks through the whole store first, and asks when
 * history seems to be the one that lost its rows.
 * @throws DESTRUCTIVE_CHANGE when that was not confirmed; then nothing was removed
 */
export async function restoreAuthoritatively(
  deps: AuthoritativeDeps,
  options: AuthoritativeOptions,
): Promise<AuthoritativeReport> {
  await refuseStandby(deps);
  const noticed = await noticeRecovery(deps.store);
  const refs = options.everything ? null : new Set(options.views.map(viewRef));
  const scope = { refs, nowMs: options.nowMs, onProgress: options.onEntities };
  const found = await removeUnknown(deps, { ...scope, remove: false });
  const doubts = await doubtsOf(deps, found);
  if (doubts.length > 0 && !(await options.confirm(doubts)))
    throw new LarderError(
      'DESTRUCTIVE_CHANGE',
      `Nothing was removed, because history seems to lack rows:\n${doubts.join('\n')}\nIf PostgreSQL is the right one, and complete, confirm with --yes.`,
    );
  // Before anything new lands: it would be older than what is being removed.
  const jumped = (await jumpBeyond(deps.store, found.greatestRevision)) || noticed;
  const removed = [...found.unknown.values()].some((rows) => rows > 0)
    ? (await removeUnknown(deps, { ...scope, remove: true })).unknown
    : found.unknown;
  // Nobody of them is served meanwhile, and what Redis alone remembers of them is in PostgreSQL before Redis can lose it.
  await options.eraseFirst?.();
  const report = await restoreOnlineStore(deps, options);
  return { ...report, removed: Object.fromEntries(removed), jumped };
}

async function refuseStandby({ store }: AuthoritativeDeps): Promise<void> {
  const { rows } = await sql<{ standby: boolean }>`select pg_is_in_recovery() as standby`.execute(store.db);
  if (rows[0]?.standby === true)
    throw new LarderError(
      'DESTRUCTIVE_CHANGE',
      'PostgreSQL is a standby, or still recovers: its history is not complete. Promote it first.',
    );
}

/** What speaks against history: it is empty where the online store has rows, or knows the smaller part of them. */
async function doubtsOf(
  { store, manifest }: AuthoritativeDeps,
  { seen, unknown }: UnknownRows,
): Promise<string[]> {
  const doubts: string[] = [];
  let [all, lost] = [0, 0];
  for (const [ref, rows] of seen) {
    const of = unknown.get(ref) ?? 0;
    all += rows;
    lost += of;
    const view = manifest.feature_views[ref];
    if (
      of === rows &&
      view !== undefined &&
      view.windowed === undefined &&
      (await isEmpty(store, manifest, view))
    )
      doubts.push(`${ref}: history is empty, and Redis has ${rows} rows`);
  }
  if (lost > all * DOUBTFUL_SHARE) doubts.push(`history does not know ${lost} of ${all} rows in all`);
  return doubts;
}

async function isEmpty(store: OfflineStore, manifest: Manifest, view: FeatureViewManifest): Promise<boolean> {
  const { schema, name } = historyPlace(manifest, view);
  const { rows } = await sql`select from ${sql.table(`${schema}.${name}`)} limit 1`.execute(store.db);
  return rows.length === 0;
}
