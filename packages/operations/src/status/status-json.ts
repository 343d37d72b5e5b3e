import { pressureJson } from '@larder/materialization/pressure';
import type { Status } from './read-status.ts';

/** A status in the form of the HTTP API and the CLI. */
export function statusJson({ project, at, database, redis, standing, pressure, problems }: Status) {
  return {
    project,
    at: at.toISOString(),
    attention: problems.some(({ severity }) => severity === 'act'),
    problems: problems.map(({ kind, severity, subject, since, detail, next }) => ({
      kind,
      severity,
      subject,
      since: since?.toISOString() ?? null,
      detail,
      next,
    })),
    stores: {
      database: { state: database.state, answered_in_ms: database.answeredInMs },
      redis: { state: redis.state, answered_in_ms: redis.answeredInMs },
    },
    processes: standing && {
      workers: standing.processes.workers,
      slots: standing.processes.slots,
      inference: standing.processes.inference,
    },
    views: standing && {
      applied: standing.views.ages.length,
      filled: standing.views.ages.filter(({ filled }) => filled).length,
      with_objective: standing.views.ages.filter(({ objectiveMs }) => objectiveMs !== null).length,
      stale: standing.views.ages.filter(({ stale }) => stale).map(({ ref }) => ref),
    },
    runs: standing && {
      open: standing.runs.open,
      waiting: standing.runs.waiting,
      held: standing.runs.held,
      next_due: standing.runs.nextDue && {
        view: standing.runs.nextDue.ref,
        at: standing.runs.nextDue.at.toISOString(),
      },
    },
    queue: pressure && queueJson(pressureJson(pressure)),
    backup: standing && {
      archiving: standing.upkeep.archiving,
      archived_at: standing.upkeep.archivedAt?.toISOString() ?? null,
    },
  };
}

function queueJson({ work_seconds, rows, oldest_age_seconds }: ReturnType<typeof pressureJson>) {
  return { work_seconds, rows, oldest_age_seconds };
}
