import { IS_LIVING } from '@larder/offline-store';
import { sql } from 'kysely';
import type { RunStore } from '../runs/run-store.ts';

/** How much work waits for the workers of a project. */
export interface Pressure {
  /** Seconds that one compute thread would need for everything that waits or runs. */
  readonly workSeconds: number;
  /** How long the oldest chunk or unplanned run has been waiting for a worker, without pauses; 0: none waits. */
  readonly oldestAgeSeconds: number;
  /** Compute threads of living workers. */
  readonly slots: number;
  readonly workers: number;
  /** Rows that wait or run. */
  readonly rows: number;
  readonly views: readonly ViewPressure[];
}

export interface ViewPressure {
  /** `ad_image@1` */
  readonly ref: string;
  readonly rows: number;
  readonly secondsPerRow: number;
  /** False: nothing is measured yet, and `secondsPerRow` is assumed. */
  readonly measured: boolean;
  readonly workSeconds: number;
}

/** What nobody has measured: a row that is computed, and one that is only copied. */
const ASSUMED_SECONDS = { computed: 0.05, copied: 0.001 };
/** A run that is not cut into chunks yet: enough to start the first worker. */
const PLANNING_SECONDS = 1;
/** A run with `max_rows_per_second` counts no more rows than it may take in this time: more workers would not speed it up. */
const HORIZON_SECONDS = 120;
/** What is beyond them is not counted: any scaler is at its maximum long before. */
const MAX_RUNS = 2_000;
const MAX_CHUNKS_OF_RUN = 10_000;

interface ViewRow {
  readonly ref: string;
  readonly runs_unplanned: number;
  readonly rows: number;
  readonly oldest_age_seconds: number | null;
  readonly seconds_per_row: number | null;
  readonly is_computed: boolean | null;
}

/**
 * Reads how much work waits, from PostgreSQL alone: every process gives the same answer. Paused and held runs do not count.
 * Costs: two index ranges for each open run, bounded.
 */
export async function readPressure(store: RunStore, project: string): Promise<Pressure> {
  const { rows: views } = await sql<ViewRow>`
    with open as (
      select run_id, view, version, planned_at, queued_at, paused_ms, max_rows_per_second
      from larder.runs where project = ${project} and finished_at is null and status in ('queued', 'running')
      order by revision limit ${MAX_RUNS}
    ), waiting as (
      select r.view, r.version, (r.planned_at is null)::integer as unplanned,
        least(c.rows, r.max_rows_per_second * ${HORIZON_SECONDS}) as rows,
        extract(epoch from now() - case when r.planned_at is null then r.queued_at else c.since end)
          - r.paused_ms / 1000.0 as age_seconds
      from open r cross join lateral (
        select coalesce(sum(rows), 0)::double precision as rows, min(since) as since from (
          (select greatest(rows_total, 0) as rows, not_before as since from larder.chunks
            where run_id = r.run_id and state = 'pending' order by ordinal limit ${MAX_CHUNKS_OF_RUN})
          union all
          select greatest(rows_total - rows_done - rows_failed - rows_skipped, 0),
            case state when 'dispatched' then not_before end
          from larder.chunks where run_id = r.run_id and state in ('dispatched', 'running')
        ) chunk
      ) c
    )
    select w.view || '@' || w.version as ref, sum(w.unplanned)::integer as runs_unplanned, sum(w.rows) as rows,
      max(w.age_seconds)::double precision as oldest_age_seconds,
      (select c.slot_seconds / c.rows from larder.view_costs c
        where c.project = ${project} and c.view = w.view and c.rows > 0
        order by c.version = w.version desc, c.measured_at desc limit 1) as seconds_per_row,
      (select v.definition ->> 'compute' is not null from larder.view_versions v
        where v.project = ${project} and v.view = w.view and v.version = w.version) as is_computed
    from waiting w where w.rows > 0 or w.unplanned > 0
    group by w.view, w.version order by 1`.execute(store.db);
  const { rows: processes } = await sql<{ slots: number; workers: number }>`
    select coalesce(sum(p.slots), 0)::integer as slots, count(*)::integer as workers from larder.processes p
    where p.project = ${project} and p.role = 'worker' and ${IS_LIVING}`.execute(store.db);
  const pressures = views.map(pressureOf);
  return {
    workSeconds: sum(pressures.map(({ workSeconds }) => workSeconds)),
    oldestAgeSeconds: Math.max(0, ...views.map((view) => view.oldest_age_seconds ?? 0)),
    slots: processes[0]?.slots ?? 0,
    workers: processes[0]?.workers ?? 0,
    rows: sum(pressures.map(({ rows }) => rows)),
    views: pressures,
  };
}

function pressureOf(view: ViewRow): ViewPressure {
  const assumed = view.is_computed === true ? ASSUMED_SECONDS.computed : ASSUMED_SECONDS.copied;
  const secondsPerRow = view.seconds_per_row ?? assumed;
  return {
    ref: view.ref,
    rows: Math.round(view.rows),
    secondsPerRow,
    measured: view.seconds_per_row !== null,
    workSeconds: view.rows * secondsPerRow + view.runs_unplanned * PLANNING_SECONDS,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** A pressure in the form of the HTTP API. */
export function pressureJson(pressure: Pressure) {
  return {
    work_seconds: rounded(pressure.workSeconds),
    oldest_age_seconds: rounded(pressure.oldestAgeSeconds),
    slots: pressure.slots,
    workers: pressure.workers,
    rows: pressure.rows,
    views: pressure.views.map(({ ref, rows, secondsPerRow, measured, workSeconds }) => ({
      view: ref,
      rows,
      seconds_per_row: Number(secondsPerRow.toPrecision(3)),
      measured,
      work_seconds: rounded(workSeconds),
    })),
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
