import { formatDurationMs } from '@larder/core';
import { completeSchedule, viewRef } from '@larder/features';
import { openRunStates, runsEndedBadly, waitingText, type OpenRunState } from '@larder/materialization/runs';
import type { StandingSchedule } from '@larder/materialization/schedules';
import type { OfflineStore } from '@larder/offline-store';
import type { Problem } from './problem.ts';

/** More open runs than this are not looked at one by one. */
const MAX_RUNS = 200;
/** A worker takes a due schedule within seconds. */
const UNTAKEN_MS = 60_000;
/** Planning and waiting for a worker are normal for this long. */
const WAITING_MS = 60_000;

export interface RunStanding {
  readonly open: number;
  readonly waiting: number;
  readonly held: number;
  /** The next due time of all schedules; null: none. */
  readonly nextDue: { readonly ref: string; readonly at: Date } | null;
  readonly problems: readonly Problem[];
}

/** Runs that are late, held, failed or not moving, and schedules that nobody took. */
export async function runProblems(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  { now, schedules }: { readonly now: Date; readonly schedules: ReadonlyMap<string, StandingSchedule> },
): Promise<RunStanding> {
  const open = await openRunStates(store, project, MAX_RUNS);
  const badly = await runsEndedBadly(store, project, MAX_RUNS);
  const ended = badly.map(({ status, runs, rowsFailed, rows, rowsKept, reason, ...run }): Problem => ({
    kind: `run_${status}`,
    // Who pushed rows that were rejected has been told, and has them.
    severity: rowsKept ? 'act' : 'note',
    subject: refOf(run),
    since: run.firstAt,
    detail: `${runs === 1 ? `a ${run.trigger} run` : `${runs} runs`} ${
      status === 'failed'
        ? `failed: ${reason ?? (rowsKept ? 'none of its rows landed' : 'its rows were rejected')}`
        : `ended with ${rowsKept ? 'failed' : 'rejected'} rows: ${rowsFailed} of ${rows}`
    }`,
    next: `larder runs ${run.runId}${status === 'partial' && rowsKept ? ' retry-failed' : ''}`,
  }));
  return {
    open: open.length,
    waiting: open.filter(({ waitingFor }) => waitingFor !== null).length,
    held: open.filter(({ status }) => status === 'held').length,
    nextDue: nextDue(schedules),
    problems: oneOfEach([
      ...ended,
      ...open.flatMap((run) => openProblems(run, schedules.get(refOf(run)), now)),
      ...untaken(schedules, now),
    ]),
  };
}

function openProblems(run: OpenRunState, schedule: StandingSchedule | undefined, now: Date): Problem[] {
  const problem = (kind: Problem['kind'], since: Date, detail: string): Problem => ({
    kind,
    severity: 'act',
    subject: refOf(run),
    since,
    detail,
    next: `larder runs ${run.runId}`,
  });
  if (run.status === 'held')
    return [
      problem(
        'run_held',
        run.pausedAt ?? run.createdAt,
        `a run is held: ${run.reason ?? 'it would end more keys than its view allows'}`,
      ),
    ];
  const problems: Problem[] = [];
  const waiting = now.getTime() - run.queuedAt.getTime() > WAITING_MS ? waitingText(run) : null;
  if (waiting !== null)
    problems.push(problem('run_waiting', run.queuedAt, `a run waits. ${withoutStop(waiting)}`));
  else if (run.silentSince !== null)
    problems.push(problem('run_stuck', run.silentSince, 'a chunk of a run is with a worker that is silent'));
  else if (
    run.status === 'queued' &&
    run.plannedAt === null &&
    now.getTime() - run.queuedAt.getTime() > 10 * WAITING_MS
  )
    problems.push(
      problem(
        'run_stuck',
        run.queuedAt,
        `a run cannot be planned: ${run.reason ?? 'its source does not end'}`,
      ),
    );
  if (run.notOnlineSince !== null)
    problems.push(
      problem(
        'online_behind',
        run.notOnlineSince,
        'rows are in history, and the online store has not confirmed them',
      ),
    );
  const lateSince = lateFrom(run, schedule);
  if (lateSince !== null && lateSince < now && run.status !== 'paused')
    problems.push(
      problem(
        'run_late',
        lateSince,
        `the run due at ${run.dueAt?.toISOString() ?? ''} should have ended ${formatDurationMs(now.getTime() - lateSince.getTime())} ago`,
      ),
    );
  return problems;
}

/** From when on an open scheduled run is late; null: it is not scheduled any more. */
function lateFrom({ dueAt }: OpenRunState, schedule: StandingSchedule | undefined): Date | null {
  if (dueAt === null || schedule === undefined) return null;
  const { late_after_ms: lateAfterMs } = completeSchedule(schedule.schedule);
  if (lateAfterMs !== undefined) return new Date(dueAt.getTime() + lateAfterMs);
  // The next due time came, and its run was left out because this one was open.
  return schedule.last?.outcome === 'left_out' && schedule.last.dueAt > dueAt ? schedule.last.dueAt : null;
}

function untaken(schedules: ReadonlyMap<string, StandingSchedule>, now: Date): Problem[] {
  return [...schedules].flatMap(([ref, { nextDueAt }]) =>
    nextDueAt === null || now.getTime() - nextDueAt.getTime() < UNTAKEN_MS
      ? []
      : [
          {
            kind: 'run_late' as const,
            severity: 'act' as const,
            subject: ref,
            since: nextDueAt,
            detail: `no worker took the run that was due at ${nextDueAt.toISOString()}`,
            next: 'larder ps',
          },
        ],
  );
}

function nextDue(schedules: ReadonlyMap<string, StandingSchedule>): RunStanding['nextDue'] {
  const due = [...schedules].flatMap(([ref, { nextDueAt }]) =>
    nextDueAt === null ? [] : [{ ref, at: nextDueAt }],
  );
  return due.toSorted((one, other) => one.at.getTime() - other.at.getTime())[0] ?? null;
}

/** One problem of a kind for a subject, the oldest: as incidents have it. */
function oneOfEach(problems: readonly Problem[]): Problem[] {
  const oldest = new Map<string, Problem>();
  for (const problem of problems) {
    const key = `${problem.kind} ${problem.subject}`;
    const known = oldest.get(key);
    if (known === undefined || Number(problem.since) < Number(known.since)) oldest.set(key, problem);
  }
  return [...oldest.values()];
}

function refOf({ view, version }: { readonly view: string; readonly version: number }): string {
  return viewRef({ name: view, version });
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
