import { sql } from 'kysely';
import type { OfflineStore, StoreTransaction } from '@larder/offline-store';

/** How long runs are kept after their end, with their chunks, failures and idempotency keys. */
export interface RunRetention {
  readonly runsMs: number | 'forever';
  /** Retention of pushes, of which there may be ten a second. */
  readonly pushesMs: number | 'forever';
}

export interface Forgotten {
  readonly runs: number;
  readonly failures: number;
}

const RUNS_PER_STEP = 500;
const CHUNKS_PER_STEP = 5_000;
const FAILURES_PER_STEP = 5_000;

/**
 * Deletes runs that ended before the retention, one small step per transaction; call it until it deletes nothing. A
 * run's failures are deleted first, then the run with its chunks at once, so that a visible run has all of its chunks.
 * What history still needs of a chunk with rows, the time when they were online, is kept.
 * Runs with a chunk that is not in the online store yet stay. It never waits for a lock: a locked run is left for
 * later.
 */
export async function forgetEndedRuns(
  store: OfflineStore,
  project: string,
  { runsMs, pushesMs }: RunRetention,
): Promise<Forgotten> {
  const runs = await step(store, project, {
    triggers: ['backfill', 'schedule', 'chain'],
    olderThanMs: runsMs,
  });
  const pushes = await step(store, project, { triggers: ['push'], olderThanMs: pushesMs });
  return { runs: runs.runs + pushes.runs, failures: runs.failures + pushes.failures };
}

interface Expired {
  readonly triggers: readonly string[];
  readonly olderThanMs: number | 'forever';
}

async function step(store: OfflineStore, project: string, expired: Expired): Promise<Forgotten> {
  if (expired.olderThanMs === 'forever') return { runs: 0, failures: 0 };
  const { triggers, olderThanMs } = expired;
  return store.transaction(async (tx) => {
    const { rows } = await sql<{ run_id: string }>`
      select r.run_id from larder.runs r
      where r.project = ${project} and r.trigger = any (${triggers})
        and r.finished_at < now() - ${olderThanMs} * interval '1 millisecond'
        and not exists (select from larder.chunks c where c.run_id = r.run_id and c.state = 'landed_history')
      limit ${RUNS_PER_STEP} for update skip locked`.execute(tx.db);
    if (rows.length === 0) return { runs: 0, failures: 0 };
    const runIds = rows.map((row) => row.run_id);
    const failures = await forgetFailures(tx, runIds);
    return { runs: failures < FAILURES_PER_STEP ? await forgetRuns(tx, runIds) : 0, failures };
  });
}

async function forgetFailures({ db }: StoreTransaction, runIds: readonly string[]): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from larder.row_failures where failure_id in (
      select failure_id from larder.row_failures where run_id = any (${runIds}) limit ${FAILURES_PER_STEP})`.execute(
    db,
  );
  return Number(numAffectedRows);
}

/** Selects runs with this many chunks in total, but at least the first one with all of its chunks. */
async function forgetRuns({ db }: StoreTransaction, runIds: readonly string[]): Promise<number> {
  const { numAffectedRows } = await sql`
    with sized as (
      select run_id, (select count(*) from larder.chunks c where c.run_id = ids.run_id) as chunks
      from unnest(${runIds}::uuid[]) as ids (run_id)
    ), summed as (
      select run_id, sum(chunks) over (order by run_id) as upto, row_number() over (order by run_id) as place from sized
    ), forgotten as (
      select run_id from summed where upto <= ${CHUNKS_PER_STEP} or place = 1
    ), kept as (
      insert into larder.kept_online_times (chunk_id, online_at)
      select c.chunk_id, c.online_at from forgotten join larder.chunks c using (run_id)
      where c.online_at is not null and c.rows_done > 0 and c.set_aside is distinct from 'dropped'
      on conflict (chunk_id) do nothing
    )
    delete from larder.runs where run_id in (select run_id from forgotten)`.execute(db);
  return Number(numAffectedRows);
}
