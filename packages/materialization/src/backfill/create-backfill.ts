import { LarderError, newId, requestInvalid } from '@larder/core';
import { findFeatureView, fingerprint, predictionOf, viewRef, type Manifest } from '@larder/features';
import {
  recordAudit,
  type RunScope,
  type RunStatus,
  type RunTrigger,
  type StoreTransaction,
} from '@larder/offline-store';
import { eventSourceView, type EventSourceView } from '../events/event-source-view.ts';
import { createRun } from '../runs/verbs/create-run.ts';
import type { RunStore } from '../runs/run-store.ts';
import { checkScope } from './check-scope.ts';
import { refuseErased } from './refuse-erased.ts';

export interface BackfillRequest {
  /** The applied manifest: only code with its fingerprint computes the run. */
  readonly manifest: Manifest;
  /** `ad_image` (its newest version) or `ad_image@1`. */
  readonly view: string;
  readonly scope: RunScope;
  /** Maximum number of rows; with `entities`, of entities. */
  readonly limit?: number | undefined;
  /** Priority from 0 to 100, higher first. @default 50 */
  readonly priority?: number | undefined;
  readonly maxRowsPerSecond?: number | undefined;
  /** Also computes rows whose input has not changed since they last landed. */
  readonly force?: boolean | undefined;
  readonly idempotencyKey?: string | undefined;
  /** @default 'backfill' */
  readonly trigger?: RunTrigger | undefined;
}

const DEFAULT_PRIORITY = 50;

/**
 * Queues a run; workers plan and compute it. The same idempotency key returns the same run.
 * @throws VIEW_NOT_FOUND, BACKFILL_NOT_SUPPORTED, REQUEST_INVALID, IDEMPOTENCY_KEY_REUSED, ENTITY_ERASED
 */
export async function createBackfill(
  store: RunStore,
  request: BackfillRequest,
): Promise<{ runId: string; status: RunStatus }> {
  const { manifest: view, entity } = filledView(request);
  if (view.source.kind === 'push')
    throw new LarderError(
      'BACKFILL_NOT_SUPPORTED',
      `The rows of ${viewRef(view)} are pushed, so there is no source to read again; push them once more.`,
    );
  if ('event_time' in request.scope && predictionOf(view) !== null)
    throw requestInvalid([
      {
        pointer: '/scope/event_time',
        detail: `cannot be given for ${viewRef(view)}: predictions are computed for the instant of their run, not for a range of event times (--from, --to); leave it out`,
      },
    ]);
  const meaning = {
    view: view.name,
    version: view.version,
    trigger: request.trigger ?? 'backfill',
    scope: checkScope(entity, request.scope),
    rowLimit: request.limit ?? null,
    priority: request.priority ?? DEFAULT_PRIORITY,
    maxRowsPerSecond: request.maxRowsPerSecond ?? null,
    force: request.force ?? false,
  };
  const { project } = request.manifest;
  const run = {
    ...meaning,
    runId: newId(),
    project,
    fingerprint: view.fingerprint,
    idempotencyKey: request.idempotencyKey ?? null,
    requestSha256: fingerprint(meaning),
  };
  return inTransaction(store, async (tx) => {
    // The run would keep the key: an erasure that begins meanwhile waits for this transaction and takes it out.
    if ('entities' in meaning.scope)
      await refuseErased(tx, { project, entity, entities: meaning.scope.entities });
    const created = await createRun(tx, run);
    if (run.trigger === 'backfill' && created.runId === run.runId)
      await recordAudit(tx, {
        project,
        action: 'run.backfill',
        subject: `view ${viewRef(view)}`,
        after: `run ${run.runId}`,
      });
    return created;
  });
}

/** A view, or an event source whose past is read again. */
function filledView({ manifest, view: name }: BackfillRequest): EventSourceView {
  const source = manifest.event_sources?.[name];
  if (source !== undefined) {
    if (source.backfill === null)
      throw requestInvalid([
        {
          pointer: '/view',
          detail: `is an event source without a backfill: its events only arrive through POST /v1/events/${name}`,
        },
      ]);
    const { manifest: view, entity } = eventSourceView(source);
    return { manifest: view, entity };
  }
  const view = findFeatureView(manifest, name);
  const entity = manifest.entities[view.entity];
  if (!entity) throw new Error(`The manifest has ${viewRef(view)} but not its entity ${view.entity}.`);
  return { manifest: view, entity };
}

type InTransaction = Pick<StoreTransaction, 'db'>;

function inTransaction<T>({ db }: RunStore, work: (tx: InTransaction) => Promise<T>): Promise<T> {
  return db.isTransaction
    ? work({ db: db as InTransaction['db'] })
    : db.transaction().execute((trx) => work({ db: trx }));
}
