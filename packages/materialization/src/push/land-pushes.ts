import { newId, type Logger } from '@larder/core';
import { keepsValues } from '@larder/features';
import {
  appendHistory,
  completeRows,
  ensureHistoryPartitions,
  isDatabaseError,
  limitSilence,
  lockKept,
  type HistoryRow,
  type OfflineStore,
} from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { tellLanding } from '../landing/land-rows.ts';
import { writeOnline } from '../online/write-online.ts';
import {
  countErasedRows,
  endPushedRun,
  landPushedRun,
  recordPushedCounts,
  stagePushedRun,
  type LandedFailure,
  type LandedPush,
} from '../runs/index.ts';
import type { AcceptedPush } from './accept-push.ts';
import type { AcceptedRow, CheckedPush } from './check-pushed-rows.ts';
import type { Turn } from './group-commit.ts';
import { stagedRow } from './staged-rows.ts';
import { outcomeOfEarlier, type LandingOutcome } from './outcome-of-earlier.ts';
import { firstOfEachKey, takePushKeys, type KeyedPush, type PushAnswer } from './push-keys.ts';
import { rejectErased } from './reject-erased.ts';

/** Time that this process has for the online store before a worker's watchdog replays history. */
const LANDING_LEASE_MS = 15_000;

export interface LandPushesDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly logger: Logger;
}

export interface PushResult extends PushAnswer {
  /** The run in which the rows landed; pushes that arrive together share one. */
  readonly runId: string;
  /** False: the rows are in history, and a worker will write them to the online store. */
  readonly online: boolean;
}

export type PushOutcome = LandingOutcome<PushResult>;

/** Pushes of one view in order of arrival; at least one. */
export type PushGroup = readonly [AcceptedPush, ...AcceptedPush[]];

/**
 * Lands pushes as one run: keys, run, history and chunk state in one transaction, then the online store. A process that dies
 * before the commit leaves nothing; after it, a worker replays history. Where the view computes its features, the rows are
 * staged in that transaction instead, and workers do the rest. If history refuses rows of one push, only that push fails. For
 * equal times the later revision wins, so groups take theirs in turn. Outcomes are in input order.
 */
export async function landPushes(
  deps: LandPushesDeps,
  group: PushGroup,
  turn?: Turn,
): Promise<PushOutcome[]> {
  try {
    await turn?.before;
    return await landTogether(deps, group, turn);
  } catch (error) {
    if (group.length === 1 || isDatabaseError(error)) return group.map(() => ({ ok: false, error }));
    const outcomes: PushOutcome[] = [];
    for (const push of group) outcomes.push(...(await landPushes(deps, [push])));
    return outcomes;
  }
}

async function landTogether(deps: LandPushesDeps, group: PushGroup, turn?: Turn): Promise<PushOutcome[]> {
  const { offlineStore } = deps;
  // One manifest may be newer: use the policies of the last one.
  const { manifest, view, entity } = group.at(-1) as AcceptedPush;
  const { project } = manifest;
  const runId = newId();
  await ensureHistoryPartitions(
    offlineStore,
    manifest,
    view,
    group.flatMap(({ checked }) => checked.accepted.map(({ row }) => row)),
  );
  const landed = await offlineStore.transaction(async (tx) => {
    const pushes = await rejectErased(tx, group, { project, entity: entity.name });
    const keyed = firstOfEachKey(pushes);
    const taken = await takePushKeys(tx, [...keyed.values()].map(keyedPush), { project, runId });
    const landing = pushes.filter(
      (push) =>
        push.idempotencyKey === null ||
        (keyed.get(push.idempotencyKey) === push && taken.has(push.idempotencyKey)),
    );
    if (landing.length === 0) return null;
    const last = lastOfEachRow(landing);
    const accepted = landing.reduce((sum, { answer }) => sum + answer.accepted, 0);
    const failures = landing.flatMap(({ checked }) => failuresOf(checked));
    await limitSilence(tx, LANDING_LEASE_MS);
    if (view.compute !== null) {
      const pushed = { project, view: view.name, version: view.version, fingerprint: view.fingerprint };
      await stagePushedRun(tx, {
        ...pushed,
        runId,
        failures,
        rows: last.map(({ row }) => stagedRow(row, view)),
        chunkRows: view.chunk_rows,
      });
      turn?.taken();
      return { staged: true, pushes, landing: new Set(landing) } as const;
    }
    const arrived = landing.flatMap(({ checked }) => checked.accepted);
    await lockKept(
      tx,
      manifest,
      view,
      arrived.map(({ row }) => row.entityKey),
    );
    const { chunkId, revision } = await landPushedRun(tx, {
      runId,
      project,
      view: view.name,
      version: view.version,
      fingerprint: view.fingerprint,
      counts: { done: last.length, failed: failures.length, skipped: 0, duplicate: accepted - last.length },
      failures,
      leaseMs: LANDING_LEASE_MS,
    });
    turn?.taken();
    const { rows: complete, corrections } = await completeRows(
      tx,
      manifest,
      view,
      (keepsValues(view) ? arrived : last).map((each) => historyRow(each, { chunkId, revision })),
    );
    const pushed = [...complete, ...corrections];
    if (corrections.length > 0)
      await recordPushedCounts(tx, chunkId, {
        done: pushed.length,
        duplicate: accepted - last.length,
      });
    const rows = await appendHistory(tx, manifest, view, pushed);
    if (rows.length < pushed.length) await countErasedRows(tx, chunkId, pushed.length - rows.length);
    await tellLanding(tx, { project: manifest, view, rows, runId, chunkId });
    return { staged: false, chunkId, rows, pushes, landing: new Set(landing) } as const;
  });
  let online = landed?.staged !== true;
  if (landed?.staged === false)
    try {
      const { rows, chunkId } = landed;
      const created = await writeOnline(rows, { onlineStore: deps.onlineStore, view, entity });
      await endPushedRun(offlineStore, { runId, chunkId, created });
    } catch (error) {
      online = false;
      deps.logger.warn({ err: error, runId }, 'Pushed rows are in history; a worker will write them online');
    }
  const outcomes: PushOutcome[] = [];
  for (const [at, push] of group.entries()) {
    const checked = landed?.pushes[at];
    outcomes.push(
      checked !== undefined && landed?.landing.has(checked) === true
        ? { ok: true, result: { ...checked.answer, runId, online } }
        : await earlierOutcome(deps, push),
    );
  }
  return outcomes;
}

function keyedPush({ idempotencyKey, requestSha256, answer }: AcceptedPush): KeyedPush {
  return { idempotencyKey: idempotencyKey as string, requestSha256, answer };
}

async function earlierOutcome(deps: LandPushesDeps, push: AcceptedPush): Promise<PushOutcome> {
  return outcomeOfEarlier(deps.offlineStore, push, {
    resultOf: ({ answer, runId, done }) => ({ ...answer, runId, online: done }),
    land: async () => (await landPushes(deps, [push]))[0] as PushOutcome,
  });
}

/** Keeps the last of rows with the same key, event and created timestamp: history holds one row per revision. */
function lastOfEachRow(pushes: readonly AcceptedPush[]): AcceptedRow[] {
  const last = new Map<string, AcceptedRow>();
  for (const { checked } of pushes)
    for (const accepted of checked.accepted) {
      const { eventTimestampMs, createdTimestampMs, entityKey } = accepted.row;
      last.set(`${eventTimestampMs} ${createdTimestampMs} ${entityKey}`, accepted);
    }
  return [...last.values()];
}

function historyRow({ row, values }: AcceptedRow, { chunkId, revision }: LandedPush): HistoryRow {
  const { keys, eventTimestampMs, createdTimestampMs, inputHash } = row;
  return { keys, eventTimestampMs, createdTimestampMs, revision, chunkId, inputHash, values };
}

/** Failures shown with the run; without keys, because no source could return these rows again. */
function failuresOf({ rejected }: CheckedPush): LandedFailure[] {
  return rejected.map(({ code, errors }) => ({
    entityKey: null,
    keys: null,
    eventTimestampMs: null,
    code,
    reason: errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '),
    retryable: false,
  }));
}
