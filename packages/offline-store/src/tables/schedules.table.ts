import type { ScheduleManifest } from '@larder/features';
import type { ColumnType, Generated } from 'kysely';

/**
 * Outcome of a due time: its run was queued; left out, because the previous run had not ended; or skipped, because it
 * was taken too late by a schedule that skips missed runs.
 */
export type ScheduleOutcome = 'queued' | 'left_out' | 'skipped';

/** One row per view version with an active schedule; a process that takes a due time locks the row and advances it. */
export interface SchedulesTable {
  project: string;
  view: string;
  version: number;
  /** Fingerprint of the applied view, used for its runs. */
  fingerprint: string;
  schedule: ColumnType<ScheduleManifest, string, string>;
  /** Next due time. Null: never again. */
  due_at: Date | null;
  /** The last due time that was taken. */
  last_due_at: Date | null;
  last_outcome: ScheduleOutcome | null;
  runs_queued: Generated<number>;
  runs_left_out: Generated<number>;
  runs_skipped: Generated<number>;
}
