import { isLarderError } from '@larder/core';
import {
  entityKeyOfTexts,
  followedParents,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type Manifest,
} from '@larder/features';
import {
  cursorAt,
  erasedAmong,
  holdOffErasures,
  keysLanded,
  newestCursor,
  readChanges,
  type ChangesPage,
  type FeedChange,
  type LandedIn,
  type OfflineStore,
  type StoreTransaction,
} from '@larder/offline-store';
import { createBackfill } from '../backfill/create-backfill.ts';
import { cancelledFeeds, endFeeding, feedRun, openFeeding } from '../runs/index.ts';

export interface FeedChainOptions {
  /** The applied manifest, of which `view` is a part. */
  readonly manifest: Manifest;
  readonly view: FeatureViewManifest;
}

export interface FedChain {
  /** Keys that became chunks. */
  readonly keys: number;
  /** Set when the feed no longer had what the view had not read: a run over all rows was queued. */
  readonly rebuiltBy: string | null;
  /** Another turn has something to do now. */
  readonly more: boolean;
}

type LandedChange = Extract<FeedChange, { readonly kind: 'landed' }>;

const CHANGES_PER_TURN = 500;
/** Most rows of one turn, whose keys are held at once; a single change may have more. */
const ROWS_PER_TURN = 20_000;

/**
 * Turns what the parents of a view landed into chunks of its run: chunks, links and cursor in one transaction, so that a
 * process that dies here leaves all of it or nothing. Null: another process has the turn, or another definition is applied.
 */
export function feedChain(store: OfflineStore, options: FeedChainOptions): Promise<FedChain | null> {
  const { manifest, view } = options;
  const place = { project: manifest.project, view: view.name, version: view.version };
  return store.transaction(async (tx) => {
    const chain = await lockChain(tx, options);
    if (chain === undefined) return null;
    // Before the feed is read: what a run landed before it ended is in the feed then.
    const run = await openFeeding(tx, place, followedParents(manifest, view).map(viewRef));
    const page = await pageAfter(tx, options, chain.cursor);
    if (page === null) return rebuild(tx, options);
    const part = takePart(page, options);
    const parentRunIds = [...new Set(part.changes.map(({ runId }) => runId))];
    const cancelled = await cancelledFeeds(tx, place, parentRunIds);
    const changes = part.changes.filter(({ runId }) => !cancelled.has(runId));
    const keys = changes.length === 0 ? [] : await keysToCompute(tx, options, changes);
    if (keys.length > 0)
      await feedRun(tx, {
        project: manifest.project,
        view,
        runId: run?.runId ?? null,
        parentRunIds: parentRunIds.filter((runId) => !cancelled.has(runId)),
        keys,
      });
    else if (run?.parentsEnded === true && !part.more) await endFeeding(tx, run.runId);
    await moveCursor(tx, options, part.cursor);
    return { keys: keys.length, rebuiltBy: null, more: part.more || keys.length > 0 };
  });
}

async function lockChain(
  { db }: StoreTransaction,
  { manifest, view }: FeedChainOptions,
): Promise<{ readonly cursor: string | null } | undefined> {
  return db
    .selectFrom('larder.chains')
    .select('cursor')
    .where('project', '=', manifest.project)
    .where('view', '=', view.name)
    .where('version', '=', view.version)
    .where('fingerprint', '=', view.fingerprint)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

/** Null: the feed no longer has what follows the cursor. */
async function pageAfter(
  tx: StoreTransaction,
  { manifest }: FeedChainOptions,
  after: string | null,
): Promise<ChangesPage | null> {
  try {
    return await readChanges(tx, { project: manifest.project, after, limit: CHANGES_PER_TURN });
  } catch (error) {
    if (isLarderError(error) && error.code === 'FEED_EXPIRED') return null;
    throw error;
  }
}

/** Everything is read again from history, from which nothing is missing. */
async function rebuild(tx: StoreTransaction, options: FeedChainOptions): Promise<FedChain> {
  const { manifest, view } = options;
  await moveCursor(tx, options, await newestCursor(tx, manifest.project));
  const { runId } = await createBackfill(tx, {
    manifest,
    view: viewRef(view),
    scope: { all: true },
    trigger: 'chain',
  });
  return { keys: 0, rebuiltBy: runId, more: true };
}

interface Part {
  readonly changes: readonly LandedChange[];
  readonly cursor: string | null;
  readonly more: boolean;
}

/** The changes of the parents, up to the limit on their rows. */
function takePart({ changes, cursor }: ChangesPage, { manifest, view }: FeedChainOptions): Part {
  const parents = new Set(followedParents(manifest, view).map(viewRef));
  const taken: LandedChange[] = [];
  let rows = 0;
  for (const change of changes) {
    if (change.kind !== 'landed' || !parents.has(viewRef({ name: change.view, version: change.version })))
      continue;
    taken.push(change);
    rows += change.rows;
    if (rows >= ROWS_PER_TURN)
      return { changes: taken, cursor: cursorAt(cursor as string, change), more: true };
  }
  return { changes: taken, cursor, more: changes.length === CHANGES_PER_TURN };
}

/** Chunks name keys: an erasure that begins now waits for them, and those before are left out, whose rows may still be there. */
async function keysToCompute(
  tx: StoreTransaction,
  { manifest, view }: FeedChainOptions,
  changes: readonly LandedChange[],
): Promise<readonly (readonly string[])[]> {
  const entity = manifest.entities[view.entity] as EntityManifest;
  const { project } = manifest;
  const mayBeErased = await holdOffErasures(tx, project, entity.name);
  const landed = await keysLanded(tx, manifest, landedIn(manifest, changes));
  if (!mayBeErased) return landed;
  const keys = landed.map((texts) => entityKeyOfTexts(entity, texts));
  const erased = await erasedAmong(tx, { project, entity: entity.name, keys });
  return landed.filter((_, at) => !erased.has(keys[at] as string));
}

function landedIn({ feature_views: views }: Manifest, changes: readonly LandedChange[]): LandedIn[] {
  const byView = Map.groupBy(changes, ({ view: name, version }) => viewRef({ name, version }));
  return [...byView].flatMap(([ref, all]) => {
    const view = views[ref];
    if (view === undefined) return [];
    return {
      view,
      chunkIds: all.map(({ chunkId }) => chunkId),
      firstEventMs: Math.min(...all.map(({ firstEventTimestampMs }) => firstEventTimestampMs)),
      lastEventMs: Math.max(...all.map(({ lastEventTimestampMs }) => lastEventTimestampMs)),
    };
  });
}

async function moveCursor(
  { db }: StoreTransaction,
  { manifest, view }: FeedChainOptions,
  cursor: string | null,
): Promise<void> {
  await db
    .updateTable('larder.chains')
    .set({ cursor })
    .where('project', '=', manifest.project)
    .where('view', '=', view.name)
    .where('version', '=', view.version)
    .where((where) => where('cursor', 'is distinct from', cursor))
    .execute();
}
