import { newId, type Clock, type Logger } from '@larder/core';
import {
  ensureEventPartitions,
  EVENT_SOURCE_VERSION,
  isDatabaseError,
  landEvents,
  limitSilence,
  type ArrivedEvent,
  type ChangedTiles,
  type OfflineStore,
} from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { outcomeOfEarlier, type LandingOutcome } from '../push/outcome-of-earlier.ts';
import { firstOfEachKey, takePushKeys, updatePushAnswers } from '../push/push-keys.ts';
import type { RejectedRow } from '../push/check-pushed-rows.ts';
import { endPushedRun, landPushedRun, recordPushedCounts, type LandedFailure } from '../runs/index.ts';
import { entitiesInEvents, type EventBatch } from './accept-events.ts';
import type { AcceptedEvent } from './check-events.ts';
import { erasedEvents } from './erased-events.ts';
import { tellTiles } from './tell-tiles.ts';
import { writeTilesOnline } from './write-tiles-online.ts';

/** Time that this process has for the online store before a worker's watchdog writes the tiles. */
const LANDING_LEASE_MS = 15_000;

export interface LandEventsDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface EventsAnswer {
  /** Events that changed something: new, corrected and retracted ones. */
  readonly accepted: number;
  /** Events that were there already. */
  readonly duplicates: number;
  readonly rejected: readonly RejectedRow[];
}

export interface EventsResult extends EventsAnswer {
  /** The run in which the events landed; batches that arrive together share one. */
  readonly runId: string;
  /** False: the events are in history, and a worker will write their tiles to the online store. */
  readonly online: boolean;
}

export type EventsOutcome = LandingOutcome<EventsResult>;

/** Batches of one source in order of arrival; at least one. */
export type EventGroup = readonly [EventBatch, ...EventBatch[]];

/**
 * Lands batches of events as one run: keys, run, events, tiles and chunk state in one transaction, then the online store. A
 * process that dies before the commit leaves nothing; after it, a worker writes the tiles. If history refuses one batch, only
 * that one fails. Outcomes are in input order.
 */
export async function landEventBatches(deps: LandEventsDeps, group: EventGroup): Promise<EventsOutcome[]> {
  try {
    return await landTogether(deps, group);
  } catch (error) {
    if (group.length === 1 || isDatabaseError(error)) return group.map(() => ({ ok: false, error }));
    const outcomes: EventsOutcome[] = [];
    for (const batch of group) outcomes.push(...(await landEventBatches(deps, [batch])));
    return outcomes;
  }
}

async function landTogether(deps: LandEventsDeps, group: EventGroup): Promise<EventsOutcome[]> {
  const { offlineStore } = deps;
  const { manifest, source } = group.at(-1) as EventBatch;
  const { project } = manifest;
  const runId = newId();
  const nowMs = deps.clock.nowMs();
  await ensureEventPartitions(
    offlineStore,
    project,
    source,
    group.flatMap(({ checked }) => checked.accepted.map(({ event }) => event)),
  );
  const landed = await offlineStore.transaction(async (tx) => {
    const entities = entitiesInEvents(manifest, source);
    const arrived = group.flatMap(({ checked }) => checked.accepted.map(({ event }) => event));
    const erased = await erasedEvents(tx, arrived, { project, entities });
    const batches = erased.size === 0 ? group : group.map((batch) => without(batch, erased));
    const keyed = firstOfEachKey(batches);
    const taken = await takePushKeys(
      tx,
      [...keyed.values()].map(({ idempotencyKey, requestSha256, checked }) => ({
        idempotencyKey: idempotencyKey as string,
        requestSha256,
        answer: { accepted: 0, rejected: checked.rejected },
      })),
      { project, runId },
    );
    const landing = batches.filter(
      (batch) =>
        batch.idempotencyKey === null ||
        (keyed.get(batch.idempotencyKey) === batch && taken.has(batch.idempotencyKey)),
    );
    if (landing.length === 0) return null;
    const accepted = landing.flatMap(({ checked }) => checked.accepted.map(({ event }) => event));
    const failures = landing.flatMap(({ checked }) => failuresOf(checked.rejected));
    await limitSilence(tx, LANDING_LEASE_MS);
    const { chunkId, revision } = await landPushedRun(tx, {
      runId,
      project,
      view: source.name,
      version: EVENT_SOURCE_VERSION,
      fingerprint: source.fingerprint,
      counts: { done: accepted.length, failed: failures.length, skipped: 0, duplicate: 0 },
      failures,
      leaseMs: LANDING_LEASE_MS,
    });
    const { duplicates, changed } = await landEvents(tx, {
      project,
      source,
      events: accepted,
      chunkId,
      revision,
      nowMs,
    });
    if (duplicates.size > 0)
      await recordPushedCounts(tx, chunkId, {
        done: accepted.length - duplicates.size,
        duplicate: duplicates.size,
      });
    await tellTiles(tx, { project, runId, chunkId, revision, changed });
    const answers = new Map(landing.map((batch) => [batch, answerOf(batch, duplicates)]));
    await updatePushAnswers(
      tx,
      project,
      landing.flatMap((batch) =>
        batch.idempotencyKey === null
          ? []
          : [{ idempotencyKey: batch.idempotencyKey, answer: answers.get(batch) as EventsAnswer }],
      ),
    );
    return { chunkId, changed, batches, answers };
  });
  const online = landed === null || (await writeOnline(deps, { ...landed, runId, nowMs }));
  const outcomes: EventsOutcome[] = [];
  for (const [at, batch] of group.entries()) {
    const answer = landed?.answers.get(landed.batches[at] as EventBatch);
    outcomes.push(
      answer === undefined
        ? await earlierOutcome(deps, batch)
        : { ok: true, result: { ...answer, runId, online } },
    );
  }
  return outcomes;
}

interface LandedTiles {
  readonly runId: string;
  readonly chunkId: number;
  readonly changed: readonly ChangedTiles[];
  readonly nowMs: number;
}

async function writeOnline(
  deps: LandEventsDeps,
  { runId, chunkId, changed, nowMs }: LandedTiles,
): Promise<boolean> {
  try {
    const views = [];
    for (const each of changed) {
      const created = await writeTilesOnline(each, { ...deps, nowMs });
      const { name: view, version } = each.view.manifest;
      if (each.tiles.length > 0) views.push({ view, version, created });
    }
    await endPushedRun(deps.offlineStore, { runId, chunkId, created: 0, views });
    return true;
  } catch (error) {
    deps.logger.warn({ err: error, runId }, 'Events are in history; a worker will write their tiles online');
    return false;
  }
}

function answerOf({ checked }: EventBatch, duplicates: ReadonlySet<ArrivedEvent>): EventsAnswer {
  const count = checked.accepted.filter(({ event }) => duplicates.has(event)).length;
  return { accepted: checked.accepted.length - count, duplicates: count, rejected: checked.rejected };
}

async function earlierOutcome(deps: LandEventsDeps, batch: EventBatch): Promise<EventsOutcome> {
  return outcomeOfEarlier(deps.offlineStore, batch, {
    resultOf: ({ answer, runId, done }) => ({ duplicates: 0, ...answer, runId, online: done }),
    land: async () => (await landEventBatches(deps, [batch]))[0] as EventsOutcome,
  });
}

function without(batch: EventBatch, erased: ReadonlySet<ArrivedEvent>): EventBatch {
  const { accepted, rejected } = batch.checked;
  const isErased = ({ event }: AcceptedEvent) => erased.has(event);
  if (!accepted.some(isErased)) return batch;
  const refused = accepted.filter(isErased).map(({ index }): RejectedRow => ({
    index,
    code: 'ENTITY_ERASED',
    errors: [
      {
        pointer: `/events/${index}`,
        detail: 'belongs to an entity that was erased, which takes no events; leave it out',
      },
    ],
  }));
  return {
    ...batch,
    checked: {
      accepted: accepted.filter((each) => !isErased(each)),
      rejected: [...rejected, ...refused].toSorted((a, b) => a.index - b.index),
    },
  };
}

/** Without keys, because no source could return these events again. */
function failuresOf(rejected: readonly RejectedRow[]): LandedFailure[] {
  return rejected.map(({ code, errors }) => ({
    entityKey: null,
    keys: null,
    eventTimestampMs: null,
    code,
    reason: errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '),
    retryable: false,
  }));
}
