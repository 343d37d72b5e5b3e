import { LarderError, newId, type Clock, type Logger } from '@larder/core';
import {
  findFeatureView,
  fingerprint,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type Manifest,
} from '@larder/features';
import { ensureHistoryPartitions, type HistoryRow, type OfflineStore } from '@larder/offline-store';
import {
  completeChunk,
  createPushedRun,
  earlierPush,
  type CreatedPush,
  type LandedFailure,
} from '../runs/index.ts';
import type { OnlineStore } from '@larder/online-store';
import { landRowsIn } from '../landing/land-rows.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import { writeOnline } from '../online/write-online.ts';
import {
  checkPushedRows,
  type AcceptedRow,
  type CheckedPush,
  type RejectedRow,
} from './check-pushed-rows.ts';

/** How long this process has for the online store before a worker's watchdog replays history. */
const LANDING_LEASE_MS = 15_000;

export interface PushDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface PushRequest {
  /** What is applied. */
  readonly manifest: Manifest;
  /** `ad_stats` (its newest version) or `ad_stats@1`. */
  readonly view: string;
  /** Join keys, `event_timestamp` and every feature, as JSON of the HTTP API; the caller bounds them. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly idempotencyKey?: string | undefined;
}

export interface PushResult {
  readonly runId: string;
  readonly accepted: number;
  readonly rejected: readonly RejectedRow[];
  /** False: the rows stand in history, and a worker brings them into the online store. */
  readonly online: boolean;
}

type PushAnswer = Pick<PushResult, 'accepted' | 'rejected'>;

/**
 * Lands rows that the caller computed: run, history and chunk state in one transaction, then the online store. A process
 * that ends before the commit leaves nothing; after it, a worker replays history. So the rows need no staging.
 * @throws VIEW_NOT_FOUND, PUSH_NOT_SUPPORTED, IDEMPOTENCY_KEY_REUSED
 */
export async function pushRows(deps: PushDeps, request: PushRequest): Promise<PushResult> {
  const { offlineStore, logger } = deps;
  const { manifest } = request;
  const view = pushableView(request);
  const entity = manifest.entities[view.entity];
  if (!entity) throw new Error(`The manifest has ${viewRef(view)} but not its entity ${view.entity}.`);
  const arrivalMs = deps.clock.nowMs();
  const checked = await checkPushedRows(request.rows, { view, entity, times: manifest, arrivalMs });
  await ensureHistoryPartitions(
    offlineStore,
    manifest,
    view,
    checked.accepted.map(({ row }) => row),
  );
  const answer: PushAnswer = { accepted: checked.accepted.length, rejected: checked.rejected };
  const run = {
    runId: newId(),
    project: manifest.project,
    view: view.name,
    version: view.version,
    fingerprint: view.fingerprint,
    rows: request.rows.length,
    answer,
    idempotencyKey: request.idempotencyKey ?? null,
    // without a key nothing is ever compared with it
    requestSha256:
      request.idempotencyKey === undefined ? '' : fingerprint({ push: request.view, rows: request.rows }),
    leaseMs: LANDING_LEASE_MS,
  };
  const landed = await offlineStore.transaction(async (tx) => {
    const created = await createPushedRun(tx, run);
    if (created === null) return null;
    const rows = historyRows(checked.accepted, created);
    await landRowsIn(tx, {
      ...created,
      project: manifest,
      view,
      rows,
      failures: failuresOf(checked),
      counts: {
        done: rows.length,
        failed: checked.rejected.length,
        skipped: 0,
        duplicate: checked.accepted.length - rows.length,
      },
      leaseMs: LANDING_LEASE_MS,
    });
    return { created, rows };
  });
  if (landed === null) {
    const earlier = await earlierPush(offlineStore, run);
    return { ...(earlier.answer as PushAnswer), runId: earlier.runId, online: earlier.done };
  }
  let online = true;
  try {
    await bringOnline(deps, { ...landed, view, entity, project: manifest.project });
  } catch (error) {
    online = false;
    logger.warn(
      { err: error, runId: run.runId },
      'Pushed rows stand in history; a worker brings them online',
    );
  }
  return { ...answer, runId: run.runId, online };
}

function pushableView({ manifest, view: name }: PushRequest): FeatureViewManifest {
  const view = findFeatureView(manifest, name);
  if (view.compute !== null)
    throw new LarderError(
      'PUSH_NOT_SUPPORTED',
      `${viewRef(view)} computes its features from its source, so its rows cannot be pushed; change the source and run a backfill, or push into a view without compute.`,
    );
  return view;
}

/** Of rows with the same key and event timestamp the last: history holds one per created timestamp. */
function historyRows(accepted: readonly AcceptedRow[], { chunkId, revision }: CreatedPush): HistoryRow[] {
  const last = new Map<string, HistoryRow>();
  for (const { row, values } of accepted) {
    const { keys, eventTimestampMs, createdTimestampMs, inputHash } = row;
    last.set(`${eventTimestampMs} ${row.entityKey}`, {
      keys,
      eventTimestampMs,
      createdTimestampMs,
      revision,
      chunkId,
      inputHash,
      values,
    });
  }
  return [...last.values()];
}

/** Shown with the run; without keys, as no source could be asked for these rows again. */
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

interface LandedPush {
  readonly created: CreatedPush;
  readonly rows: readonly HistoryRow[];
  readonly view: FeatureViewManifest;
  readonly entity: EntityManifest;
  readonly project: string;
}

async function bringOnline(
  { offlineStore: store, onlineStore, logger }: PushDeps,
  { created, rows, view, entity, project }: LandedPush,
): Promise<void> {
  const createdRows = await writeOnline(rows, { onlineStore, view, entity });
  await completeChunk(store, created.chunkId, createdRows);
  await endRuns({ store, projectName: project, logger, except: created.runId });
}
