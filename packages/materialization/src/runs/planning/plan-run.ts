import { sql } from 'kysely';
import { type OfflineStore, limitSilence, type RunScope } from '@larder/offline-store';
import { fromNow, isOneOf, type LoadedView, type RunStore } from '../run-store.ts';
import { leaveOutErased, type PlanOfEntity } from './leave-out-erased.ts';

/** A queued run that this process is cutting into chunks. */
export interface RunToPlan {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly scope: RunScope;
  readonly rowLimit: number | null;
  readonly planningToken: string;
}

export interface ClaimRunOptions {
  readonly project: string;
  readonly views: readonly LoadedView[];
  readonly leaseMs: number;
}

/** Claims the most urgent run that is not being planned, for one lease; null when there is none. */
export async function claimRunToPlan(store: RunStore, options: ClaimRunOptions): Promise<RunToPlan | null> {
  const { rows } = await sql<RunToPlan>`
    update larder.runs set planning_token = gen_random_uuid(), planning_lease_expires_at = ${fromNow(options.leaseMs)}
    where run_id = (
      select r.run_id from larder.runs r
      where r.project = ${options.project} and r.status = 'queued' and r.planned_at is null and ${isOneOf(options.views)}
        and (r.planning_lease_expires_at is null or r.planning_lease_expires_at < now())
      order by r.priority desc, r.revision
      limit 1
      for no key update skip locked)
    returning run_id as "runId", view, version, fingerprint, scope, row_limit as "rowLimit", planning_token as "planningToken"`.execute(
    store.db,
  );
  return rows[0] ?? null;
}

/** Extends the claim; false when the run was taken over or cancelled: its plan will not be saved. */
export async function extendPlanning(store: RunStore, run: RunToPlan, leaseMs: number): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('larder.runs')
    .set({ planning_lease_expires_at: fromNow(leaseMs) })
    .where('run_id', '=', run.runId)
    .where('planning_token', '=', run.planningToken)
    .where('status', 'in', ['queued', 'paused'])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export interface PlannedChunk {
  readonly bounds: unknown;
  /** Number of rows that the source counted. */
  readonly rows: number;
}

const SAVE_SILENCE_MS = 30_000;

export interface SavePlanOptions {
  /** Whose keys the chunks name. */
  readonly of?: PlanOfEntity;
  /** Share of the keys that the run may end, if it reads the whole source and the view wants it. */
  readonly goneAtMost?: number | null;
}

/** Writes the chunks, without erased keys, and starts the run, all or nothing; false when the claim has been lost. */
export function savePlan(
  store: OfflineStore,
  run: RunToPlan,
  planned: readonly PlannedChunk[],
  { of, goneAtMost = null }: SavePlanOptions = {},
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const { db } = tx;
    await limitSilence(tx, SAVE_SILENCE_MS);
    const chunks = of === undefined ? planned : await leaveOutErased(tx, of, planned);
    const started = await sql`
      update larder.runs set planned_at = now(), started_at = now(), planning_token = null, planning_lease_expires_at = null,
        error_code = null, error_reason = null,
        gone_at_most = ${goneAtMost}::double precision,
        gone_state = case when ${goneAtMost}::double precision is not null then 'reading' end,
        status = case status when 'queued' then 'running' else status end,
        paused_at = case status when 'paused' then now() end
      where run_id = ${run.runId} and planning_token = ${run.planningToken} and status in ('queued', 'paused')`.execute(
      db,
    );
    if (started.numAffectedRows !== 1n) return false;
    if (goneAtMost !== null) await forgetSeenKeys(tx, run.runId);
    await sql`
      insert into larder.chunks (run_id, ordinal, bounds, rows_total)
      select ${run.runId}::uuid, ordinal - 1, chunk -> 'bounds', (chunk ->> 'rows')::integer
      from jsonb_array_elements(${JSON.stringify(chunks)}::jsonb) with ordinality as planned (chunk, ordinal)`.execute(
      db,
    );
    return true;
  });
}

/** What earlier runs of the view saw is of no use any more: this run decides. */
async function forgetSeenKeys({ db }: RunStore, runId: string): Promise<void> {
  await sql`
    delete from larder.seen_keys s using larder.runs earlier, larder.runs r
    where r.run_id = ${runId} and s.run_id = earlier.run_id and earlier.finished_at is not null
      and earlier.project = r.project and earlier.view = r.view and earlier.version = r.version`.execute(db);
}
