import type { LarderError } from '@larder/core';
import { entityKeyOfTexts, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import {
  collectGoneKeys,
  erasedAmong,
  goneKeyTexts,
  holdOffErasures,
  limitSilence,
  type HistoryProject,
  type OfflineStore,
  type StoreTransaction,
} from '@larder/offline-store';
import { sql } from 'kysely';
import { ALL_ENDED } from '../finish/finish-runs.ts';
import type { LoadedView } from '../run-store.ts';
import { PAUSE_ENDED } from '../verbs/paused-ms.ts';
import { heldReason } from './held-reason.ts';

export interface DecideOptions {
  readonly project: HistoryProject;
  /** Undefined: another process decides, which has the view's code. */
  readonly find: (run: LoadedView) => FeatureViewManifest | undefined;
}

export interface GoneDecision {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  /** `undecided`: something failed, or a newer run decides. */
  readonly outcome: 'decided' | 'held' | 'undecided';
  /** Keys that the run ends, or would end. */
  readonly keys: number;
}

interface RunToDecide extends LoadedView {
  readonly runId: string;
}

/** Reads the key index of the whole history once. */
const MAX_MS = 600_000;

/**
 * For runs that have read their whole source: which keys of history did it not return? They get chunks of their own, that
 * ask the source once more and end what it still lacks; more than the view allows holds the run until somebody resumes or
 * cancels it, or a newer run decides. A run that has failed rows or chunks ends nothing.
 */
export async function decideGone(store: OfflineStore, options: DecideOptions): Promise<GoneDecision[]> {
  const { rows } = await sql<RunToDecide>`
    select r.run_id as "runId", r.view, r.version, r.fingerprint from larder.runs r
    where r.project = ${options.project.project} and r.status = 'running' and r.gone_state in ('reading', 'released')
      and ${ALL_ENDED}`.execute(store.db);
  const decisions: GoneDecision[] = [];
  for (const run of rows) {
    const view = options.find(run);
    const decision =
      view && (await store.transaction((tx) => decide(tx, run, { view, project: options.project })));
    if (decision) decisions.push({ runId: run.runId, view: run.view, version: run.version, ...decision });
  }
  return decisions;
}

interface Place {
  readonly project: HistoryProject;
  readonly view: FeatureViewManifest;
}

type Decision = Pick<GoneDecision, 'outcome' | 'keys'>;

/** Null: another process decides or changes the run. */
async function decide(tx: StoreTransaction, run: RunToDecide, place: Place): Promise<Decision | null> {
  const { runId } = run;
  const turn = await sql<{ mine: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended('larder:gone:' || ${runId}, 0)) as mine`.execute(tx.db);
  if (turn.rows[0]?.mine !== true) return null;
  await limitSilence(tx, MAX_MS);
  const facts = await readFacts(tx, runId);
  if (facts === undefined) return null;
  if (facts.incomplete || facts.superseded) return undecided(tx, runId, facts);
  const collected = await collectGoneKeys(tx, place.project, place.view, { runId, ...facts });
  const gone = collected.gone - (await leaveOutErased(tx, place));
  const { seen } = collected;
  if (!(await lockStill(tx, runId, facts))) return null;
  const reason = facts.state === 'released' ? null : heldReason(run, { gone, seen, atMost: facts.atMost });
  await endOlderHeld(tx, runId);
  if (reason === null) await addChunks(tx, runId, place);
  else await hold(tx, runId, reason);
  await sql`update larder.runs set gone_keys = ${gone}, gone_state = ${reason === null ? 'decided' : 'held'}
    where run_id = ${runId}`.execute(tx.db);
  if (reason === null) await sql`delete from larder.seen_keys where run_id = ${runId}`.execute(tx.db);
  return { outcome: reason === null ? 'decided' : 'held', keys: gone };
}

interface Facts {
  readonly revision: number;
  readonly plannedAt: Date;
  readonly atMost: number;
  readonly state: 'reading' | 'released';
  /** Something failed, or a worker of an earlier release did not record which keys it saw. */
  readonly incomplete: boolean;
  /** A newer run over all rows decides. */
  readonly superseded: boolean;
}

async function readFacts({ db }: StoreTransaction, runId: string): Promise<Facts | undefined> {
  const { rows } = await sql<Facts>`
    select r.revision, r.planned_at as "plannedAt", r.gone_at_most as "atMost", r.gone_state as state,
      exists (
        select from larder.chunks c where c.run_id = r.run_id and not c.bounds ? 'goneSince' and (c.state <> 'done' or c.rows_failed > 0
          or (c.retry_of is null and not exists (select from larder.seen_keys s where s.chunk_id = c.chunk_id)))
      ) as incomplete,
      exists (
        select from larder.runs newer
        where newer.project = r.project and newer.view = r.view and newer.version = r.version and newer.revision > r.revision
          and newer.scope @> '{"all": true}' and newer.row_limit is null and newer.status not in ('failed', 'cancelled')
      ) as superseded
    from larder.runs r
    where r.run_id = ${runId} and r.status = 'running' and r.gone_state in ('reading', 'released') and ${ALL_ENDED}`.execute(
    db,
  );
  return rows[0];
}

/** It took a while: the run may have been paused, cancelled or decided. */
async function lockStill({ db }: StoreTransaction, runId: string, { state }: Facts): Promise<boolean> {
  const { rows } = await sql`
    select from larder.runs r where r.run_id = ${runId} and r.status = 'running' and r.gone_state = ${state} and ${ALL_ENDED}
    for no key update skip locked`.execute(db);
  return rows.length > 0;
}

async function undecided(tx: StoreTransaction, runId: string, facts: Facts): Promise<Decision | null> {
  if (!(await lockStill(tx, runId, facts))) return null;
  await sql`update larder.runs set gone_state = 'undecided' where run_id = ${runId}`.execute(tx.db);
  // What an incomplete run saw is kept for a retry of what failed.
  if (facts.superseded) await sql`delete from larder.seen_keys where run_id = ${runId}`.execute(tx.db);
  return { outcome: 'undecided', keys: 0 };
}

/** Older runs of the view that are held end without ending keys: this one knows more. */
async function endOlderHeld({ db }: StoreTransaction, runId: string): Promise<void> {
  await sql`
    update larder.runs r set status = 'running', ${PAUSE_ENDED}, gone_state = 'undecided', error_code = null, error_reason = null
    from larder.runs newer
    where newer.run_id = ${runId} and r.project = newer.project and r.view = newer.view and r.version = newer.version
      and r.revision < newer.revision and r.status = 'held' and r.gone_state = 'held'`.execute(db);
}

async function hold({ db }: StoreTransaction, runId: string, reason: LarderError): Promise<void> {
  await sql`
    update larder.runs set status = 'held', paused_at = now(), error_code = ${reason.code}, error_reason = ${reason.message}
    where run_id = ${runId}`.execute(db);
}

/**
 * Chunks name keys: an erasure that begins now waits for them, and those before are left out, whose rows may still be there.
 * @returns how many were left out
 */
async function leaveOutErased(tx: StoreTransaction, { project, view }: Place): Promise<number> {
  const entity = project.entities[view.entity] as EntityManifest;
  if (!(await holdOffErasures(tx, project.project, entity.name))) return 0;
  const { rows } = await sql<{ place: string; texts: readonly string[] }>`
    select ctid::text as place, ${goneKeyTexts(project, view)} as texts from gone_keys`.execute(tx.db);
  const keys = rows.map(({ texts }) => entityKeyOfTexts(entity, texts));
  const erased = await erasedAmong(tx, { project: project.project, entity: entity.name, keys });
  const places = rows.flatMap(({ place }, at) => (erased.has(keys[at] as string) ? [place] : []));
  await sql`delete from gone_keys where ctid = any (${places}::tid[])`.execute(tx.db);
  return places.length;
}

/** The keys of `gone_keys`, as chunks that end them. */
async function addChunks({ db }: StoreTransaction, runId: string, { project, view }: Place): Promise<void> {
  await sql`
    insert into larder.chunks (run_id, ordinal, bounds, rows_total)
    select ${runId}::uuid, (select coalesce(max(ordinal), -1) from larder.chunks where run_id = ${runId}) + 1 + page,
      jsonb_build_object('kind', 'keys', 'keys', jsonb_agg(key),
        'goneSince', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), count(*)
    from (
      select ${goneKeyTexts(project, view)} as key, (row_number() over () - 1) / ${view.chunk_rows} as page from gone_keys
    ) paged
    group by page`.execute(db);
}
