import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Invariants of runs and chunks that hold at every commit, as one function that lists their violations. */
export const runViolations: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(createRunViolations()).execute(db);
  },
};

interface ComparedChunks {
  /** A further condition on the chunks `c` that are compared with history. */
  readonly andChunk?: string;
  /** How many rows of the chunk `c` history must have. */
  readonly landed?: string;
}

export function createRunViolations({ andChunk = '', landed = 'c.rows_done' }: ComparedChunks = {}): string {
  return `
      create or replace function larder.run_violations(of_project text, with_history boolean default true)
      returns table (invariant text, run_id uuid, chunk_id bigint) language plpgsql stable as $body$
      declare
        v record;
        history text;
      begin
        return query
        with r as materialized (
          select *, status in ('succeeded', 'partial', 'failed', 'cancelled') as ended from larder.runs where project = of_project
        ), c as materialized (
          select chunks.*, r.status, r.ended, r.trigger, r.planned_at from larder.chunks join r using (run_id)
        ), f as (
          select failing.chunk_id, count(*) as rows from larder.row_failures failing join r using (run_id)
          where failing.keys is not null group by failing.chunk_id
        ), s as (
          select c.run_id, sum(c.rows_total) as total, sum(c.rows_done) as done, sum(c.rows_failed) as failed,
            sum(c.rows_skipped) as skipped, bool_or(c.state = 'failed') as any_failed
          from c group by c.run_id
        )
        select i.invariant, r.run_id, null::bigint from r left join s using (run_id) cross join lateral (values
          ('a run has finished exactly when it has ended', r.ended = (r.finished_at is not null)),
          ('a run is paused since a moment exactly while it is paused', (r.status in ('paused', 'held')) >= (r.paused_at is not null)
            and (r.status <> 'paused' or r.paused_at is not null)),
          ('a run is planned before it runs', r.status not in ('running', 'held', 'succeeded', 'partial') or r.planned_at is not null),
          ('a queued run is not planned', r.status <> 'queued' or r.planned_at is null),
          ('a run that is planned has started', (r.planned_at is null) = (r.started_at is null)),
          ('a planner has a lease', r.planning_token is null or r.planning_lease_expires_at is not null),
          ('only what is to be planned has a planner', r.planning_token is null or (r.planned_at is null and not r.ended)),
          ('counts of an ended run are those of its chunks', not r.ended or s.run_id is null or
            (r.rows_total, r.rows_done, r.rows_failed, r.rows_skipped)
              is not distinct from (s.total, s.done, s.failed, s.skipped)),
          ('a run without failures succeeded, and only such a one',
            (r.status <> 'succeeded' or (coalesce(r.rows_failed, 0) = 0 and not coalesce(s.any_failed, false)))
            and (r.status <> 'partial' or r.rows_done + r.rows_skipped > 0)),
          ('nothing is counted below zero', r.paused_ms >= 0 and r.planning_failures >= 0)
        ) i (invariant, holds) where i.holds is not true
        union all
        select i.invariant, c.run_id, c.chunk_id from c left join f using (chunk_id) cross join lateral (values
          -- What landed before its run was cancelled, or failed without its code, still reaches the online store.
          ('an ended run has no open chunk', not c.ended or c.state not in ('pending', 'dispatched', 'running')
            and (c.state <> 'landed_history' or c.status in ('cancelled', 'failed'))),
          ('only planned runs have chunks', c.planned_at is not null),
          ('a chunk has a lease exactly while it is computed or lands',
            (c.state in ('running', 'landed_history')) = (c.lease_expires_at is not null)),
          ('a lease has an owner', c.lease_expires_at is null or c.claimed_by is not null or c.trigger = 'push'),
          ('a dispatched chunk has a dispatcher', c.state <> 'dispatched' or (c.dispatched_by is not null and c.dispatched_at is not null)),
          ('whoever holds a chunk has an attempt', c.state not in ('dispatched', 'running', 'landed_history', 'done') or c.attempt > 0),
          ('a chunk has finished exactly when it has ended',
            (c.state in ('done', 'failed', 'cancelled')) = (c.finished_at is not null)),
          ('what landed landed at a moment', c.state not in ('landed_history', 'done') or c.landed_at is not null),
          ('counts of a chunk add up', case c.state
            when 'pending' then c.rows_done + c.rows_failed + c.rows_skipped = 0
            when 'dispatched' then c.rows_done + c.rows_failed + c.rows_skipped = 0
            when 'failed' then c.rows_failed = c.rows_total and c.rows_done + c.rows_skipped = 0
            when 'cancelled' then c.rows_done + c.rows_skipped = 0 and c.rows_failed <= c.rows_total
            when 'running' then true
            else c.rows_done + c.rows_failed + c.rows_skipped = c.rows_total end),
          ('nothing is counted below zero', least(c.rows_total, c.rows_done, c.rows_failed, c.rows_skipped, c.rows_duplicate, c.failures) >= 0),
          ('an attempt breaks five times at most', c.failures <= 5 and (c.state <> 'pending' or c.failures < 5)),
          ('failed rows of a chunk are counted', c.state not in ('landed_history', 'done') or coalesce(f.rows, 0) <= c.rows_failed)
        ) i (invariant, holds) where i.holds is not true
        union all
        select 'no row of an ended run waits to be tried again', r.run_id, min(failing.chunk_id)
        from larder.row_failures failing join r using (run_id)
        where r.ended and failing.retry_at is not null group by r.run_id
        union all
        select 'a failed row is of a chunk of its run', failing.run_id, failing.chunk_id
        from larder.row_failures failing join c using (chunk_id) where failing.run_id <> c.run_id;

        if not with_history then return; end if;
        for v in select distinct runs.view, runs.version from larder.runs where project = of_project and planned_at is not null loop
          history := format('%I.%I', of_project || '_history', v.view || '_v' || v.version);
          if to_regclass(history) is null then continue; end if;
          return query execute format($query$
            with h as materialized (select chunk_id, count(*) as rows, min(landed_at) as landed_at from %s group by chunk_id)
            select i.invariant, c.run_id, c.chunk_id
            from larder.chunks c join larder.runs r using (run_id) left join h using (chunk_id)
            cross join lateral (values
              ('history has rows of landed chunks alone', h.rows is null or c.state in ('landed_history', 'done')),
              -- History that was emptied since has no row from before.
              ('history has every row of a landed chunk', c.state not in ('landed_history', 'done') or h.rows = ${landed}
                or (h.rows is null and (${landed} = 0 or not exists (select from h where h.landed_at <= c.landed_at))))
            ) i (invariant, holds)
            where r.project = $1 and r.view = $2 and r.version = $3 and i.holds is not true${andChunk}$query$, history)
            using of_project, v.view, v.version;
        end loop;
      end $body$`;
}
