import { sql } from 'kysely';
import { LOSSES_OF_SUSPECT } from '../attempt/attempts.ts';
import { isOneOf, type ChunkAttempt, type LoadedView, type RunStore } from '../run-store.ts';

/** Rate of a run within safe bounds: an interval that overflows would block the dispatch of every run. */
const RATE = sql`least(greatest(r.max_rows_per_second, 1e-6), 1e9)`;

/** A chunk that lost two workers, or ran next to one that did: dispatched one after the other, so that only the guilty one fails again. */
const SUSPECT = sql<boolean>`(failures >= ${LOSSES_OF_SUSPECT} and error_code is not distinct from 'WORKER_LOST')`;

export interface DispatchOptions {
  readonly project: string;
  readonly views: readonly LoadedView[];
  /** This process; its own unclaimed chunks count against `slots`. */
  readonly dispatcher: string;
  readonly slots: number;
  /** Runs of pushed rows alone, or all others. @default all others */
  readonly urgent?: boolean;
}

/**
 * Chooses what is computed next: higher priority first, then the older run. Each process keeps at most `slots` chunks
 * waiting in the queue, so that queued and running chunks are about twice the slots of all workers.
 */
export async function dispatchChunks(store: RunStore, options: DispatchOptions): Promise<ChunkAttempt[]> {
  const { rows: waiting } = await sql<{ count: number }>`
    select count(*) as count from larder.chunks
    where state = 'dispatched' and dispatched_by = ${options.dispatcher}`.execute(store.db);
  const budget = options.slots - (waiting[0]?.count ?? 0);
  if (budget <= 0) return [];
  const due = sql`r.project = ${options.project} and r.status = 'running' and r.next_dispatch_at <= now()
    and (r.trigger = 'push') = ${options.urgent === true}
    and ${isOneOf(options.views)}`;
  // Only a run with a rate is changed here, so only it is locked, before its chunk (see `TRANSITIONS` for the order).
  const { rows } = await sql<ChunkAttempt>`
    with limited as materialized (
      select r.run_id from larder.runs r where ${due} and r.max_rows_per_second is not null
      for no key update skip locked
    ), candidate as (
      select c.chunk_id, row_number() over (order by r.priority desc, r.revision, c.ordinal) as place,
        c.suspect and row_number() over (partition by r.run_id, c.suspect order by c.ordinal) > 1 as later
      from larder.runs r
      cross join lateral (
        select chunk_id, ordinal, ${SUSPECT} as suspect from larder.chunks
        where run_id = r.run_id and state = 'pending' and not_before <= now()
          and not (${SUSPECT} and exists (
            select from larder.chunks where run_id = r.run_id and state in ('dispatched', 'running') and ${SUSPECT}))
        order by ordinal
        limit case when r.max_rows_per_second is null then ${budget}::integer else 1 end
        for no key update skip locked
      ) c
      where ${due} and (r.max_rows_per_second is null or r.run_id in (select run_id from limited))
    ), dispatched as (
      update larder.chunks c
      set state = 'dispatched', attempt = c.attempt + 1, dispatched_by = ${options.dispatcher}, dispatched_at = now()
      from candidate
      where c.chunk_id = candidate.chunk_id and candidate.place <= ${budget} and not candidate.later
      returning c.chunk_id, c.attempt, c.run_id, c.rows_total, candidate.place
    ), slowed as (
      update larder.runs r
      set next_dispatch_at = greatest(r.next_dispatch_at, now()) + dispatched.rows_total / ${RATE} * interval '1 second'
      from dispatched
      where r.run_id = dispatched.run_id and r.max_rows_per_second is not null
    )
    select chunk_id as "chunkId", attempt from dispatched order by place`.execute(store.db);
  return rows;
}
