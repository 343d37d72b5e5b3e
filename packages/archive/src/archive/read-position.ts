import type { FeatureViewManifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { ArchivedView } from './archive-locks.ts';

/** What the files of a view version hold. */
export interface ArchivePosition {
  readonly generation: number;
  readonly feedId: string | null;
  /** Null: nothing is archived. */
  readonly position: number | null;
  readonly erasedUntil: Date | null;
}

/** Null when the view version was never archived there. */
export async function readPosition(
  store: Pick<OfflineStore, 'db'>,
  target: ArchivedView,
): Promise<ArchivePosition | null> {
  const row = await store.db
    .selectFrom('larder.archive_views')
    .select(['generation', 'feed_id', 'position', 'erased_until'])
    .where('archive_id', '=', target.archiveId)
    .where('view', '=', target.view)
    .where('version', '=', target.version)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { generation, feed_id: feedId, position, erased_until: erasedUntil } = row;
  return { generation, feedId, position, erasedUntil };
}

/** What is to be archived next. */
export type ArchiveStep =
  /** These chunks, whose changes have the positions `from` to `to`. */
  | {
      readonly kind: 'append';
      readonly chunkIds: readonly number[];
      readonly firstEvent: string;
      readonly lastEvent: string;
      readonly from: number;
      readonly to: number;
      readonly more: boolean;
    }
  /** Everything but these chunks, whose changes have no position yet or later ones than `to`. */
  | {
      readonly kind: 'rewrite';
      readonly why: string;
      readonly except: readonly number[];
      readonly to: number;
    };

export interface NextStep {
  readonly feedId: string | null;
  readonly step: ArchiveStep;
}

/** Rows of one step, and changes that it reads. */
const MAX_ROWS = 5_000_000;
const MAX_CHANGES = 20_000;

/**
 * Decides within one snapshot what is archived next. A chunk that the online store has not confirmed is not archived,
 * nor is what comes after it in the feed: rows keep the time at which they were online, and a position says exactly what
 * the files hold.
 */
export async function nextStep(
  tx: Pick<OfflineStore, 'db'>,
  {
    project,
    view,
    archived,
    rewrite,
  }: {
    readonly project: string;
    readonly view: FeatureViewManifest;
    readonly archived: ArchivePosition;
    /** Why everything must be written again; null: not for a reason that the caller knows. */
    readonly rewrite: string | null;
  },
): Promise<NextStep> {
  const feed = await tx.db
    .selectFrom('larder.feeds')
    .select(['feed_id', 'first_position', 'last_position'])
    .where('project', '=', project)
    .executeTakeFirst();
  const feedId = feed?.feed_id ?? null;
  const last = feed?.last_position ?? 0;
  const { position } = archived;
  const why =
    rewrite ??
    (position === null
      ? 'nothing was archived'
      : archived.feedId !== null && archived.feedId !== feedId
        ? 'the feed of changes is another one'
        : position > last
          ? 'the database was restored from an older backup'
          : position < (feed?.first_position ?? 1) - 1
            ? 'the feed of changes no longer reaches back so far'
            : null);
  if (why !== null || position === null)
    return { feedId, step: await everything(tx, { project, view, last, why: why ?? '' }) };
  const { rows } = await sql<{
    position: number;
    kind: string;
    chunkId: number;
    rows: number;
    first: string;
    last: string;
    confirmed: boolean;
  }>`
    select c.position, c.kind, c.chunk_id as "chunkId", c.rows, c.first_event_timestamp::text as first,
      c.last_event_timestamp::text as last, ${CONFIRMED} as confirmed
    from larder.changes c left join larder.chunks k on k.chunk_id = c.chunk_id
    where c.project = ${project} and c.position > ${position} and c.view = ${view.name} and c.version = ${view.version}
    order by c.position limit ${MAX_CHANGES}`.execute(tx.db);
  if (rows.some(({ kind }) => kind === 'dropped'))
    return { feedId, step: await everything(tx, { project, view, last, why: 'the history was replaced' }) };
  const taken: typeof rows = [];
  let sum = 0;
  let to = rows.length === MAX_CHANGES ? (rows.at(-1)?.position ?? last) : last;
  for (const change of rows) {
    if (!change.confirmed || sum >= MAX_ROWS) {
      to = change.position - 1;
      break;
    }
    taken.push(change);
    sum += change.rows;
  }
  const earliest = taken.reduce((least, { first }) => (first < least ? first : least), taken[0]?.first ?? '');
  const latest = taken.reduce((most, change) => (change.last > most ? change.last : most), '');
  return {
    feedId,
    step: {
      kind: 'append',
      chunkIds: taken.map(({ chunkId }) => chunkId),
      firstEvent: earliest,
      lastEvent: latest,
      from: position + 1,
      to,
      more: taken.length > 0 && to < last && (sum >= MAX_ROWS || rows.length === MAX_CHANGES),
    },
  };
}

/** The rows of a chunk whose run was deleted were confirmed, or never will be. */
const CONFIRMED = sql<boolean>`k.state is distinct from 'landed_history'`;

async function everything(
  tx: Pick<OfflineStore, 'db'>,
  {
    project,
    view,
    last,
    why,
  }: {
    readonly project: string;
    readonly view: FeatureViewManifest;
    readonly last: number;
    readonly why: string;
  },
): Promise<ArchiveStep> {
  const { rows } = await sql<{ first: number | null }>`
    select min(c.position) as first
    from larder.chunks k join larder.changes c on c.chunk_id = k.chunk_id
    where k.state = 'landed_history' and c.project = ${project} and c.kind = 'landed'
      and c.view = ${view.name} and c.version = ${view.version}`.execute(tx.db);
  const to = rows[0]?.first == null ? last : rows[0].first - 1;
  const { rows: later } = await sql<{ chunkId: number }>`
    select chunk_id as "chunkId" from larder.changes
    where project = ${project} and position > ${to} and kind = 'landed' and view = ${view.name} and version = ${view.version}
    union
    select chunk_id from larder.unnumbered_changes
    where project = ${project} and kind = 'landed' and view = ${view.name} and version = ${view.version}`.execute(
    tx.db,
  );
  return { kind: 'rewrite', why, except: later.map(({ chunkId }) => chunkId), to };
}
