import { viewRef, type ScheduleManifest } from '@larder/features';
import type { ScheduleOutcome } from '@larder/offline-store';
import type { RunStore } from '../runs/index.ts';

/** An active schedule. */
export interface StandingSchedule {
  readonly schedule: ScheduleManifest;
  /** Next due time. Null: never again. */
  readonly nextDueAt: Date | null;
  /** The last due time that was taken; null before the first. */
  readonly last: { readonly dueAt: Date; readonly outcome: ScheduleOutcome } | null;
  readonly runsQueued: number;
  readonly runsLeftOut: number;
  readonly runsSkipped: number;
}

/** Lists the active schedules by reference: `ad_image@1`. */
export async function listSchedules(
  store: RunStore,
  project: string,
): Promise<ReadonlyMap<string, StandingSchedule>> {
  const rows = await store.db
    .selectFrom('larder.schedules')
    .selectAll()
    .where('project', '=', project)
    .execute();
  return new Map(
    rows.map((row) => [
      viewRef({ name: row.view, version: row.version }),
      {
        schedule: row.schedule,
        nextDueAt: row.due_at,
        last:
          row.last_due_at === null || row.last_outcome === null
            ? null
            : { dueAt: row.last_due_at, outcome: row.last_outcome },
        runsQueued: row.runs_queued,
        runsLeftOut: row.runs_left_out,
        runsSkipped: row.runs_skipped,
      },
    ]),
  );
}
