import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

export type RunStatus =
  | 'queued'
  | 'running'
  | 'paused'
  | 'held'
  | 'succeeded'
  | 'partial'
  | 'failed'
  | 'cancelled';

/**
 * Keys that the source no longer has: `reading` while the run records which keys it sees; `decided`: chunks that end them
 * are part of the run; `held` until a person releases it; `undecided`: it ends none, because it did not read everything or a
 * newer run decides.
 */
export type GoneState = 'reading' | 'held' | 'released' | 'decided' | 'undecided';

export type RunTrigger = 'backfill' | 'schedule' | 'push' | 'chain';

/** Which rows of the source a run takes; join keys as JSON of the HTTP API, instants ISO 8601. */
export type RunScope =
  | { readonly all: true }
  /** Rows of entities that have no history. */
  | { readonly missing: true }
  | { readonly entities: readonly Readonly<Record<string, unknown>>[] }
  | { readonly event_time: { readonly from: string; readonly to: string } };

/** Scope of a run that takes the keys which other views land, as long as their runs last. */
export interface ChainedScope {
  readonly chained: true;
}

/** Scope of a push: its rows came with the request and are in history. */
export interface PushedScope {
  readonly pushed: true;
}

/**
 * pending → dispatched → running → landed_history → done, or failed, or cancelled.
 * `landed_history`: the rows are in history, the online store may not have them yet.
 */
export type ChunkState =
  | 'pending'
  | 'dispatched'
  | 'running'
  | 'landed_history'
  | 'done'
  | 'failed'
  | 'cancelled';

export interface RunsTable {
  run_id: string;
  /** Increases with every run of every project; the last part of the row order. */
  revision: GeneratedAlways<number>;
  project: string;
  view: string;
  version: number;
  /** Fingerprint of the view when the run was created, or a later one with the same meaning: only code with this fingerprint computes the run. */
  fingerprint: string;
  trigger: RunTrigger;
  status: Generated<RunStatus>;
  scope: ColumnType<RunScope | PushedScope | ChainedScope, string, never>;
  row_limit: number | null;
  /** Priority from 0 to 100, higher first. */
  priority: number;
  max_rows_per_second: number | null;
  force: boolean;
  idempotency_key: string | null;
  request_sha256: string;
  /** W3C trace context of the request that queued it; null: none was traced. */
  traceparent: Generated<string | null>;
  error_code: string | null;
  error_reason: string | null;
  created_at: Generated<Date>;
  /** Time of creation, or of the retry of a run that could not be planned. */
  queued_at: Generated<Date>;
  planning_token: string | null;
  planning_lease_expires_at: Date | null;
  planning_failures: Generated<number>;
  planned_at: Date | null;
  /** When a process that has the run's code last reported it; null: never. */
  code_seen_at: Date | null;
  /** With `max_rows_per_second`: no chunk is dispatched before this instant. */
  next_dispatch_at: Generated<Date>;
  started_at: Date | null;
  finished_at: Date | null;
  paused_at: Date | null;
  paused_ms: Generated<number>;
  /** Sums over the chunks: final when the run has ended, else as of the last `foldRuns`; null before the first. */
  rows_total: number | null;
  rows_done: number | null;
  rows_failed: number | null;
  rows_skipped: number | null;
  /** Share of the keys that it may end when the source no longer has them; null: it ends none. */
  gone_at_most: number | null;
  gone_state: GoneState | null;
  /** Keys that it ends, or would end while it is held. */
  gone_keys: number | null;
  /** True: runs of other views may still add chunks; it does not end before. Null: all chunks were planned at once. */
  feeding: boolean | null;
  /** Until this instant an open run's sums are used as cached; a later reader counts again. */
  recount_at: Generated<Date>;
}

export interface ChunksTable {
  chunk_id: GeneratedAlways<number>;
  run_id: string;
  ordinal: number;
  /** Bounds that the source reads, the same at every attempt; their form belongs to the source. */
  bounds: ColumnType<unknown, string, never>;
  /** The chunk whose failed rows this one retries. */
  retry_of: number | null;
  state: Generated<ChunkState>;
  /** Increases with every dispatch and is the fencing token: a worker may write only while it holds the newest. */
  attempt: Generated<number>;
  /** Of the rows, in a run whose keys may be computed several times: given with the first attempt. Null: that of the run. */
  revision: number | null;
  /** Attempts that failed; releasing a chunk does not count. */
  failures: Generated<number>;
  not_before: Generated<Date>;
  dispatched_by: string | null;
  dispatched_at: Date | null;
  claimed_by: string | null;
  lease_expires_at: Date | null;
  /** Estimated when planned, exact once landed: done + failed + skipped. */
  rows_total: number;
  rows_done: Generated<number>;
  rows_failed: Generated<number>;
  rows_skipped: Generated<number>;
  rows_duplicate: Generated<number>;
  /** Of `rows_done`: rows that are not in history, because their entity was erased. */
  rows_erased: Generated<number>;
  error_code: string | null;
  error_reason: string | null;
  started_at: Date | null;
  landed_at: Date | null;
  /** When the online store confirmed the rows; null until then, and for chunks that landed before this column existed. */
  online_at: Date | null;
  finished_at: Date | null;
  /** Fingerprint of the definition whose history holds the rows, once that history was set aside; null: the present one. */
  set_aside: string | null;
}

/** One row that could not be materialized, with the newest attempt only. */
export interface RowFailuresTable {
  failure_id: GeneratedAlways<number>;
  run_id: string;
  chunk_id: number;
  /** Null: the whole chunk failed. */
  entity_key: string | null;
  /** Join keys as text of the source, to look up the row again; null when the row had none. */
  keys: ColumnType<readonly string[] | null, string | null, never>;
  event_timestamp: Date | null;
  code: string;
  reason: string;
  retryable: boolean;
  attempts: Generated<number>;
  failed_at: Generated<Date>;
  /** When the run retries the row automatically; it does not end before. Null: no automatic retry. */
  retry_at: Date | null;
}
