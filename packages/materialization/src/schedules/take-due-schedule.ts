import { completeSchedule, nextDue, viewRef, type ScheduleManifest } from '@larder/features';
import { isDatabaseError, type OfflineStore, type ScheduleOutcome } from '@larder/offline-store';
import { sql } from 'kysely';
import { hasOpenRun, type RunStore } from '../runs/index.ts';
import { latestDue } from './latest-due.ts';
import { queueScheduledRun } from './queue-scheduled-run.ts';

/** A due time that was taken, with its outcome. */
export interface TakenDueTime {
  /** Reference of the view: `ad_image@1`. */
  readonly view: string;
  readonly dueAt: Date;
  readonly outcome: ScheduleOutcome;
  /** Null: no run was queued. */
  readonly runId: string | null;
}

/** Thrown for a schedule that is due and cannot be taken, such as one in a time zone that this process does not know; it stays due. */
export class ScheduleNotTaken extends Error {
  /** Reference of the view: `ad_image@1`. */
  readonly view: string;

  constructor(view: string, cause: unknown) {
    super(
      `The schedule of ${view} cannot be taken: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.view = view;
  }
}

/** How late a schedule that skips missed runs may still be taken: longer than a restart of the workers. */
const LATE_MS = 300_000;

interface DueRow {
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly schedule: ScheduleManifest;
  readonly due_at: Date;
  readonly now: Date;
}

/**
 * Takes the schedule that has been due longest, by PostgreSQL's clock; null when none is due. The run and the next due
 * time commit together: a process that dies in between leaves the schedule due, and no due time is taken twice. Of
 * several that passed while no worker was running, only the latest counts.
 *
 * @param except views whose schedules are left to others
 * @throws ScheduleNotTaken
 */
export function takeDueSchedule(
  store: OfflineStore,
  project: string,
  except: readonly string[] = [],
): Promise<TakenDueTime | null> {
  return store.transaction(async (tx) => {
    const { rows } = await sql<DueRow>`
      select view, version, fingerprint, schedule, due_at, now() as now from larder.schedules
      where project = ${project} and due_at <= now() and view || '@' || version <> all (${except}::text[])
      order by due_at, view, version limit 1
      for update skip locked`.execute(tx.db);
    const [row] = rows;
    if (row === undefined) return null;
    try {
      return await takeRow(tx, { ...row, project });
    } catch (error) {
      throw isDatabaseError(error) ? error : new ScheduleNotTaken(viewRef({ ...row, name: row.view }), error);
    }
  });
}

async function takeRow(tx: RunStore, row: DueRow & { readonly project: string }): Promise<TakenDueTime> {
  const { project, view, version, schedule, now } = row;
  const dueAt = await latestDue(schedule, { passed: row.due_at, now });
  const taken = await take(tx, { ...row, dueAt });
  const counted = sql.ref(`runs_${taken.outcome}`);
  await sql`
    update larder.schedules set due_at = ${await nextDue(schedule, now)}, last_due_at = ${dueAt},
      last_outcome = ${taken.outcome}, ${counted} = ${counted} + 1
    where project = ${project} and view = ${view} and version = ${version}`.execute(tx.db);
  return { view: viewRef({ name: view, version }), dueAt, ...taken };
}

async function take(
  store: RunStore,
  due: DueRow & { readonly project: string; readonly dueAt: Date },
): Promise<Pick<TakenDueTime, 'outcome' | 'runId'>> {
  const { project, view, version, schedule, dueAt, now } = due;
  const tooLate = now.getTime() - dueAt.getTime() > LATE_MS;
  if (tooLate && completeSchedule(schedule).missed === 'skip') return { outcome: 'skipped', runId: null };
  if (await hasOpenRun(store, { project, view, version, trigger: 'schedule' }))
    return { outcome: 'left_out', runId: null };
  return { outcome: 'queued', runId: await queueScheduledRun(store, due) };
}
