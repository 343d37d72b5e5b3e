import { formatDurationMs, shellWord } from '@larder/core';
import { viewRef, type FeatureViewManifest, type FieldValue } from '@larder/features';
import { readAbsences, withinDeadline, type Absence, type AbsentFailure } from '@larder/offline-store';
import type { InspectDeps, MissingFailure, MissingReason, MissingView } from './inspected-entity.ts';

/** What is online is shown even while PostgreSQL is down or hangs. */
const HISTORY_DEADLINE_MS = 1_000;

export interface MissingEntity {
  readonly key: string;
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly erased: boolean;
  /** References of views whose source no longer has the entity, as the online store says, with the milliseconds since when. */
  readonly goneSince: ReadonlyMap<string, number>;
}

/** Why the online store holds no row of these views for the entity. Never throws: what cannot be read is `unknown`. */
export async function missingViews(
  { offlineStore, manifest, clock }: InspectDeps,
  views: readonly FeatureViewManifest[],
  entity: MissingEntity,
): Promise<MissingView[]> {
  const rowViews = views.filter(({ windowed }) => windowed === undefined);
  const read = async (): Promise<readonly Absence[]> =>
    readAbsences(offlineStore, manifest, rowViews, entity);
  const absences = entity.erased
    ? []
    : await withinDeadline(read(), HISTORY_DEADLINE_MS).catch((): Absence[] => []);
  return views.map((view) => {
    const at = rowViews.indexOf(view);
    const absence = at < 0 ? undefined : absences[at];
    const goneSinceMs = entity.goneSince.get(viewRef(view)) ?? absence?.landed?.goneSince?.getTime();
    const { reason, detail } = entity.erased
      ? ({ reason: 'erased', detail: 'The entity was erased and accepts no rows.' } as const)
      : goneSinceMs !== undefined
        ? gone(view, entity.key, goneSinceMs)
        : view.windowed !== undefined
          ? noEvents(view)
          : absence === undefined
            ? unknown(view, entity.key)
            : explain(view, absence, { key: entity.key, nowMs: clock.nowMs() });
    const failure = absence?.failure ?? null;
    const { name, version } = view;
    return {
      ref: viewRef(view),
      view: name,
      version,
      reason,
      detail,
      failure: failure && failureJson(failure),
    };
  });
}

interface Explained {
  readonly reason: MissingReason;
  readonly detail: string;
}

function noEvents({ windowed }: FeatureViewManifest): Explained {
  return {
    reason: 'no_events',
    detail: `It has no events of ${windowed?.event_source} in any window, and is served as such: counts, sums and distinct values are 0, all others null.`,
  };
}

function gone(view: FeatureViewManifest, key: string, sinceMs: number): Explained {
  return {
    reason: 'gone',
    detail: `It is gone from the source since ${new Date(sinceMs).toISOString()} at the latest: a run over all rows no longer found it. Once the source has it again: ${backfill(view, key)}`,
  };
}

function unknown(view: FeatureViewManifest, key: string): Explained {
  return {
    reason: 'unknown',
    detail: `PostgreSQL does not answer, so the reason is unknown. ${again(view, 'To compute it', key)}`,
  };
}

/** The first reason that applies, from what is certain to what is only likely. */
function explain(
  view: FeatureViewManifest,
  { failure, landed, open, full, ended, anyLanded }: Absence,
  { key, nowMs }: { readonly key: string; readonly nowMs: number },
): Explained {
  const ref = viewRef(view);
  const fresh =
    landed !== null && (view.ttl_ms === 'forever' || landed.eventTimestamp.getTime() + view.ttl_ms > nowMs);
  if (fresh && landed.landing)
    return {
      reason: 'landing',
      detail: `Its row landed in history ${ago(landed.landedAt, nowMs)} and is being written to the online store.`,
    };
  if (fresh)
    return {
      reason: 'lost',
      detail: `History has its row of ${landed.eventTimestamp.toISOString()}, but the online store lost it. ${again(view, 'Restore it', key)}`,
    };
  if (failure !== null && (landed === null || failure.failedAt > landed.landedAt))
    return { reason: 'failed', detail: failureText(view, failure, { key, nowMs }) };
  if (landed !== null)
    return {
      reason: 'expired',
      detail: `Its newest row, of ${landed.eventTimestamp.toISOString()}, is older than the TTL of ${formatDurationMs(view.ttl_ms as number)}. ${again(view, 'If the source has a newer one', key)}`,
    };
  if (open !== null)
    return {
      reason: 'running',
      detail: `Run ${open.runId} is ${open.status} and may still compute it: larder runs ${open.runId} --follow`,
    };
  if (full !== null) {
    const when = `the newest run over all rows (${full.runId}${full.finishedAt === null ? '' : `, ended ${ago(full.finishedAt, nowMs)}`})`;
    return {
      reason: 'not_in_source',
      detail: full.failedWithoutKey
        ? `It is not among the landed rows of ${when}: the source had no row of it, or its row failed without a key: larder runs ${full.runId}`
        : `The source had no row of it when ${when} read it. Check the key, or compute it if the source has it now: ${backfill(view, key)}`,
    };
  }
  if (view.source.kind === 'push')
    return {
      reason: anyLanded ? 'not_in_scope' : 'never_filled',
      detail: anyLanded
        ? `No row of it was pushed. ${push(view)}`
        : `Nothing of ${ref} was pushed yet. ${push(view)}`,
    };
  if (ended !== null || anyLanded)
    return {
      reason: 'not_in_scope',
      detail: `No run over all rows of ${ref} has succeeded, and the others did not include it. Compute it: ${backfill(view, key)}`,
    };
  return {
    reason: 'never_filled',
    detail: `Nothing of ${ref} was computed or pushed yet. Fill it: larder backfill ${ref}`,
  };
}

function failureText(
  view: FeatureViewManifest,
  { runId, code, reason, retryable, retryAt, attempts, failedAt }: AbsentFailure,
  { key, nowMs }: { readonly key: string; readonly nowMs: number },
): string {
  const tries = attempts === 1 ? '' : ` after ${attempts} attempts`;
  const next =
    retryAt !== null
      ? 'The run will retry it by itself.'
      : retryable
        ? `A retry may help: larder runs ${runId} retry-failed`
        : code === 'SOURCE_ROW_NOT_FOUND'
          ? `Once the source has it: ${backfill(view, key)}`
          : `A retry would fail the same way. Fix the row or the computation. ${again(view, 'Then', key)}`;
  return `It failed ${ago(failedAt, nowMs)} in run ${runId}${tries}: ${code}: ${sentence(reason)} ${next}`;
}

/** The reason on one line, ending with a full stop. */
function sentence(reason: string): string {
  const line = reason.replaceAll(/\s+/g, ' ').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function failureJson(failure: AbsentFailure): MissingFailure {
  return {
    run_id: failure.runId,
    code: failure.code,
    reason: failure.reason,
    retryable: failure.retryable,
    attempts: failure.attempts,
    failed_at: failure.failedAt.toISOString(),
    retry_at: failure.retryAt?.toISOString() ?? null,
  };
}

/** Pushed rows have no source that a run could read. */
function again(view: FeatureViewManifest, when: string, key: string): string {
  return view.source.kind === 'push' ? push(view) : `${when}: ${backfill(view, key)}`;
}

function push({ name }: FeatureViewManifest): string {
  return `Push it: POST /v1/views/${name}/push`;
}

function backfill(view: FeatureViewManifest, key: string): string {
  return `larder backfill ${viewRef(view)} --entity ${shellWord(key)}`;
}

function ago(instant: Date, nowMs: number): string {
  const ms = Math.max(0, nowMs - instant.getTime());
  return ms < 1_000 ? 'just now' : `${formatDurationMs(Math.round(ms / 1_000) * 1_000)} ago`;
}
