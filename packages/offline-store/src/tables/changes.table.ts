import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

/** `online` occurs only in the inbox: the online store confirmed a chunk. It gets no position. */
export type ChangeKind = 'landed' | 'erased' | 'dropped';

interface ChangeColumns {
  project: string;
  view: string | null;
  version: number | null;
  entity: string | null;
  entity_key: string | null;
  run_id: string | null;
  chunk_id: number | null;
  revision: number | null;
  rows: number | null;
  first_event_timestamp: ColumnType<Date | null, Date | string | null>;
  last_event_timestamp: ColumnType<Date | null, Date | string | null>;
}

/** Committed together with the change that it records, and deleted once it has a position in `larder.changes`. */
export interface UnnumberedChangesTable extends ChangeColumns {
  id: GeneratedAlways<number>;
  /** The transaction that recorded it. */
  xid: Generated<string>;
  kind: ChangeKind | 'online';
  recorded_at: Generated<Date>;
}

export interface ChangesTable extends ChangeColumns {
  position: number;
  kind: ChangeKind;
  recorded_at: Date;
  numbered_at: Date;
}

/** One row per project: which positions exist. */
export interface FeedsTable {
  project: string;
  /** Part of cursors, so that a cursor of another feed is refused. */
  feed_id: Generated<string>;
  /** The oldest position that retention has kept. */
  first_position: Generated<number>;
  last_position: number;
}

/** Written by the sequencer; `newest_gone_at` by landings. */
export interface ViewFreshnessTable {
  project: string;
  view: string;
  version: number;
  newest_event_timestamp: Date | null;
  newest_landed_at: Date | null;
  newest_online_at: Date | null;
  rows_online: Generated<number>;
  /** When a run last ended keys that the source no longer has. */
  newest_gone_at: Date | null;
}
