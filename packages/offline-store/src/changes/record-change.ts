import type { StoreTransaction } from '../offline-store.ts';

/** The rows of a chunk landed in history. */
export interface LandedChange {
  readonly kind: 'landed';
  readonly view: string;
  readonly version: number;
  readonly runId: string;
  readonly chunkId: number;
  readonly revision: number;
  /** At least 1: a chunk that lands nothing is not recorded. */
  readonly rows: number;
  readonly firstEventTimestampMs: number;
  readonly lastEventTimestampMs: number;
}

/** The rows of an entity were erased from every view. */
export interface ErasedChange {
  readonly kind: 'erased';
  readonly entity: string;
  /** Hexadecimal; the key itself would outlive its erasure here. */
  readonly keyHash: string;
}

/** The history of a view version was dropped; rows that land later under the same version are a new history. */
export interface DroppedChange {
  readonly kind: 'dropped';
  readonly view: string;
  readonly version: number;
}

export type Change = LandedChange | ErasedChange | DroppedChange;

/**
 * Records a change as part of the transaction that makes it. A position assigned here would follow the order of
 * inserts, not of commits, and consumers would miss late commits: the change gets its position once it is committed.
 */
export async function recordChange(tx: StoreTransaction, project: string, change: Change): Promise<void> {
  await tx.db
    .insertInto('larder.unnumbered_changes')
    .values({ project, ...columnsOf(change) })
    .execute();
  tx.tellChanges();
}

function columnsOf(change: Change) {
  const none = {
    view: null,
    version: null,
    entity: null,
    entity_key: null,
    run_id: null,
    chunk_id: null,
    revision: null,
    rows: null,
    first_event_timestamp: null,
    last_event_timestamp: null,
  };
  switch (change.kind) {
    case 'landed':
      return {
        ...none,
        kind: change.kind,
        view: change.view,
        version: change.version,
        run_id: change.runId,
        chunk_id: change.chunkId,
        revision: change.revision,
        rows: change.rows,
        first_event_timestamp: new Date(change.firstEventTimestampMs).toISOString(),
        last_event_timestamp: new Date(change.lastEventTimestampMs).toISOString(),
      };
    case 'erased':
      return { ...none, kind: change.kind, entity: change.entity, entity_key: change.keyHash };
    case 'dropped':
      return { ...none, kind: change.kind, view: change.view, version: change.version };
  }
}
