import { sql } from 'kysely';
import type { RunStatus, RunTrigger } from '@larder/offline-store';
import type { RunStore } from '../run-store.ts';
import { WAITING_FOR, WAITING_NAMES, type WaitingFor } from './waiting-for.ts';

/** Where an open run stands, without counting its chunks. */
export interface OpenRunState {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly waitingFor: WaitingFor | null;
  readonly waitingNames: readonly string[];
  /** Why it cannot be planned yet, or is held. */
  readonly reason: string | null;
  readonly queuedAt: Date;
  readonly createdAt: Date;
  /** Null: its source is not cut into chunks yet. */
  readonly plannedAt: Date | null;
  readonly pausedAt: Date | null;
  /** The due time of a scheduled run; null for others. */
  readonly dueAt: Date | null;
  /** A chunk whose worker is silent, since then; null: none. */
  readonly silentSince: Date | null;
  /** A chunk that the online store has not confirmed, since then; null: none. */
  readonly notOnlineSince: Date | null;
}

/** A worker that claims nothing and renews nothing for this long is not merely busy. */
const SILENT_S = 300;
const NOT_ONLINE_S = 60;

/** Open runs, oldest first; their chunks are looked up by the index of those in flight alone. */
export async function openRunStates(
  store: RunStore,
  project: string,
  limit: number,
): Promise<OpenRunState[]> {
  const { rows } = await sql<OpenRunState>`
    select r.run_id as "runId", r.view, r.version, r.trigger, r.status, ${WAITING_FOR} as "waitingFor",
      coalesce(${WAITING_NAMES}, '{}') as "waitingNames", r.error_reason as reason, r.queued_at as "queuedAt",
      r.created_at as "createdAt", r.planned_at as "plannedAt", r.paused_at as "pausedAt",
      case when r.trigger = 'schedule' then split_part(r.idempotency_key, ' ', 3)::timestamptz end as "dueAt",
      (select min(coalesce(c.lease_expires_at, c.dispatched_at)) from larder.chunks c
        where c.state in ('dispatched', 'running') and c.run_id = r.run_id
        and coalesce(c.lease_expires_at, c.dispatched_at) < now() - ${SILENT_S} * interval '1 second') as "silentSince",
      (select min(c.landed_at) from larder.chunks c
        where c.state = 'landed_history' and c.run_id = r.run_id
        and c.landed_at < now() - ${NOT_ONLINE_S} * interval '1 second') as "notOnlineSince"
    from larder.runs r where r.project = ${project} and r.finished_at is null
    order by r.revision limit ${limit}`.execute(store.db);
  return rows;
}
