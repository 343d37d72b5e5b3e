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

export type RunTrigger = 'backfill' | 'schedule' | 'push';

/** Which rows of the source a run takes; join keys as JSON of the HTTP API, instants ISO 8601. */
export type RunScope =
  | { readonly all: true }
  /** Rows of entities that history has nothing of. */
  | { readonly missing: true }
  | { readonly entities: readonly Readonly<Record<string, unknown>>[] }
  | { readonly event_time: { readonly from: string; readonly to: string } };

/** Of a push: its rows came with the request and stand in history. */
export interface PushedScope {
  readonly pushed: true;
}

/**
 * pending → dispatched → running → landed_history → done, or failed, or cancelled.
 * `landed_history`: the rows stand in history, the online store may still lack them.
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
  /** Grows with every run of every project; the last part of the row order. */
  revision: GeneratedAlways<number>;
  project: string;
  view: string;
  version: number;
  /** Of the view when the run was created, or a later one of the same meaning: only code with it computes the run. */
  fingerprint: string;
  trigger: RunTrigger;
  status: Generated<RunStatus>;
  scope: ColumnType<RunScope | PushedScope, string, never>;
  row_limit: number | null;
  /** 0 to 100, higher first. */
  priority: number;
  max_rows_per_second: number | null;
  force: boolean;
  idempotency_key: string | null;
  request_sha256: string;
  error_code: string | null;
  error_reason: string | null;
  created_at: Generated<Date>;
  /** Creation, or the retry of a run that could not be planned. */
  queued_at: Generated<Date>;
  planning_token: string | null;
  planning_lease_expires_at: Date | null;
  planning_failures: Generated<number>;
  planned_at: Date | null;
  /** When a process that has the run's code last said so; null: never. */
  code_seen_at: Date | null;
  /** With `max_rows_per_second`: no further chunk before this instant. */
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
  /** Until then an open run's sums are taken as they are; whoever reads later counts again. */
  recount_at: Generated<Date>;
}

export interface ChunksTable {
  chunk_id: GeneratedAlways<number>;
  run_id: string;
  ordinal: number;
  /** What the source reads again, the same at every attempt; its form belongs to the source. */
  bounds: ColumnType<unknown, string, never>;
  /** The chunk whose failed rows this one tries again. */
  retry_of: number | null;
  state: Generated<ChunkState>;
  /** Grows with every dispatch and is the fencing token: a worker may write only while it holds the newest. */
  attempt: Generated<number>;
  /** Attempts that broke; handing a chunk back is none. */
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
  error_code: string | null;
  error_reason: string | null;
  started_at: Date | null;
  landed_at: Date | null;
  /** The online store confirmed the rows; null until then, and of chunks that landed before this was kept. */
  online_at: Date | null;
  finished_at: Date | null;
}

/** One row that could not be materialized; the newest attempt only. */
export interface RowFailuresTable {
  failure_id: GeneratedAlways<number>;
  run_id: string;
  chunk_id: number;
  /** Null: the failure is a whole chunk's. */
  entity_key: string | null;
  /** Join keys as the source's own text, to look the row up again; null when the row had none. */
  keys: ColumnType<readonly string[] | null, string | null, never>;
  event_timestamp: Date | null;
  code: string;
  reason: string;
  retryable: boolean;
  attempts: Generated<number>;
  failed_at: Generated<Date>;
  /** The run tries the row again by itself then, and does not end before; null: it does not. */
  retry_at: Date | null;
}
