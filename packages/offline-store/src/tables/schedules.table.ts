import type { ScheduleManifest } from '@larder/features';
import type { ColumnType, Generated } from 'kysely';

/**
 * What became of a due time: its run was queued; left out, as the run before had not ended; or skipped, as it was
 * taken too late for a schedule whose missed runs are skipped.
 */
export type ScheduleOutcome = 'queued' | 'left_out' | 'skipped';

/** One row per view version with a schedule in force; whoever takes a due time locks it and moves it on. */
export interface SchedulesTable {
  project: string;
  view: string;
  version: number;
  /** Of the view as it is applied: the run's. */
  fingerprint: string;
  schedule: ColumnType<ScheduleManifest, string, string>;
  /** Null: never again. */
  due_at: Date | null;
  /** The due time that was taken last. */
  last_due_at: Date | null;
  last_outcome: ScheduleOutcome | null;
  runs_queued: Generated<number>;
  runs_left_out: Generated<number>;
  runs_skipped: Generated<number>;
}
