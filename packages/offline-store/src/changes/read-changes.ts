import { LarderError } from '@larder/core';
import { sql, type Selectable } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { ChangesTable, FeedsTable } from '../tables/changes.table.ts';
import type { Change } from './record-change.ts';

export interface ReadChangesOptions {
  readonly project: string;
  /** `cursor` of the previous read. Null: from the first change ever. */
  readonly after: string | null;
  readonly limit: number;
}

export interface ChangesPage {
  /** Ordered by position, without gaps. */
  readonly changes: readonly FeedChange[];
  /** Where the next read continues; opaque. The consumer stores it together with its results. */
  readonly cursor: string | null;
}

export type FeedChange = Change & {
  readonly position: number;
  /** Time of the change: start of the transaction that made it. */
  readonly recordedAt: Date;
  readonly numberedAt: Date;
};

type Feed = Pick<FeedsTable, 'project'> & { feedId: string; firstPosition: number; lastPosition: number };
type ChangeRow = Selectable<ChangesTable>;
type FeedRow = Feed & { [Column in keyof ChangeRow]: ChangeRow[Column] | null };

/**
 * Reads the changes after a cursor. No position ever appears before one that was read, however late a transaction
 * commits.
 * @throws FEED_EXPIRED when changes after the cursor have been dropped, or the cursor belongs to another feed
 */
export async function readChanges(
  store: Pick<OfflineStore, 'db'>,
  { project, after, limit }: ReadChangesOptions,
): Promise<ChangesPage> {
  const cursor = parseCursor(after);
  const { rows } = await sql<FeedRow>`
    select f.project, f.feed_id as "feedId", f.first_position as "firstPosition", f.last_position as "lastPosition", c.*
    from larder.feeds f left join lateral (
      select * from larder.changes c where c.project = f.project and c.position > ${cursor.position}
      order by c.position limit ${limit}) c on true
    where f.project = ${project}
    order by c.position`.execute(store.db);
  const [feed] = rows;
  if (feed === undefined) {
    if (after !== null) throw expired(project, 'the feed no longer exists');
    return { changes: [], cursor: null };
  }
  checkCursor(cursor, { ...feed, project });
  const changes = rows.flatMap((row) => (row.position === null ? [] : [changeOf(row as ChangeRow)]));
  const position = changes.at(-1)?.position ?? cursor.position;
  return { changes, cursor: position === 0 ? null : cursorText(position, feed.feedId) };
}

/** Returns the cursor after the newest change: taken before a rebuild, it lets the consumer continue from there. */
export async function newestCursor(store: Pick<OfflineStore, 'db'>, project: string): Promise<string | null> {
  const feed = await store.db
    .selectFrom('larder.feeds')
    .select(['feed_id', 'last_position'])
    .where('project', '=', project)
    .executeTakeFirst();
  return feed === undefined ? null : cursorText(feed.last_position, feed.feed_id);
}

/** The cursor after a change of the page that `cursor` ends, for a consumer that takes only a part of it. */
export function cursorAt(cursor: string, { position }: Pick<FeedChange, 'position'>): string {
  return cursor.replace(/^\d+/, String(position));
}

interface Cursor {
  readonly position: number;
  /** Id of the feed. Null: any feed; empty: none. */
  readonly feedId: string | null;
}

function cursorText(position: number, feedId: string): string {
  return `${position}@${feedId}`;
}

function parseCursor(text: string | null): Cursor {
  if (text === null) return { position: 0, feedId: null };
  const [, position = '0', feedId = ''] = /^(\d{1,15})@([\da-f-]{36})$/.exec(text) ?? [];
  return { position: Number(position), feedId };
}

function checkCursor(cursor: Cursor, feed: Feed): void {
  if (cursor.feedId !== null && cursor.feedId !== feed.feedId)
    throw expired(feed.project, 'the cursor belongs to another feed');
  if (cursor.position > feed.lastPosition)
    throw expired(feed.project, 'the cursor is ahead of the feed, which was restored from an older backup');
  if (cursor.position < feed.firstPosition - 1)
    throw expired(
      feed.project,
      `it begins at ${feed.firstPosition}, and the next position of the cursor is ${cursor.position + 1}`,
    );
}

function expired(project: string, why: string): LarderError {
  return new LarderError(
    'FEED_EXPIRED',
    `The feed of changes of ${project} cannot be read from this cursor: ${why}. Take the newest cursor, rebuild from history, and continue from that cursor.`,
  );
}

function changeOf(row: ChangeRow): FeedChange {
  const told = { position: row.position, recordedAt: row.recorded_at, numberedAt: row.numbered_at };
  switch (row.kind) {
    case 'landed':
      return {
        ...told,
        kind: row.kind,
        view: row.view as string,
        version: row.version as number,
        runId: row.run_id as string,
        chunkId: row.chunk_id as number,
        revision: row.revision as number,
        rows: row.rows as number,
        firstEventTimestampMs: (row.first_event_timestamp as Date).getTime(),
        lastEventTimestampMs: (row.last_event_timestamp as Date).getTime(),
      };
    case 'erased':
      return { ...told, kind: row.kind, entity: row.entity as string, keyHash: row.entity_key as string };
    case 'dropped':
      return { ...told, kind: row.kind, view: row.view as string, version: row.version as number };
  }
}
