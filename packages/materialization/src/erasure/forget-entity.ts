import { isLarderError, LarderError, type Logger } from '@larder/core';
import {
  entityKey as canonicalKey,
  parseEntityKey,
  type EntityManifest,
  type Manifest,
} from '@larder/features';
import {
  awaitWriters,
  beginErasure,
  completeErasure,
  countRemoved,
  eraseFailures,
  eraseRemembered,
  eraseStagedRows,
  eraseEvents,
  eraseHistory,
  erasePredictions,
  eraseStatistics,
  getReceipt,
  interruptErasure,
  trainingSetsWithKey,
  viewsOfEntity,
  type Erasure,
  type OfflineStore,
  type Receipt,
  type StillHeld,
} from '@larder/offline-store';
import { slotOfEntity, type OnlineStore } from '@larder/online-store';
import { definedViews } from './defined-views.ts';
import { eraseQueuedWork } from './erase-queued-work.ts';
import { entityOfProject } from './entity-of-project.ts';
import { keepReceipt, type ReceiptPlace } from './kept-receipts.ts';

/** Erases a key from the files of archives. */
export type EraseFromArchives = (erasure: Erasure) => Promise<{
  readonly rows: number;
  readonly unreachable: readonly { readonly host: string; readonly folder: string }[];
}>;

export interface EraseDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: Pick<OnlineStore, 'erase'>;
  readonly eraseFromArchives: EraseFromArchives;
  readonly logger: Logger;
}

export interface ForgetDeps extends EraseDeps {
  /** Where a receipt is kept before anything is erased. @default in PostgreSQL alone */
  readonly receipts?: ReceiptPlace | null;
}

export interface ForgetRequest {
  readonly manifest: Manifest;
  readonly entity: string;
  /** Canonical or as a person types it. */
  readonly key: string;
  readonly actor: string;
  readonly reason: string | null;
}

/** A worker that was frozen in the middle of a landing loses its session after its lease. */
const WRITERS_TIMEOUT_MS = 5_000;
const DEADLOCK = '40P01';
const ATTEMPTS = 5;

/**
 * Erases a key everywhere and keeps it from coming back. Repeatable at any time: every step deletes what is there, and the
 * receipt counts in the transactions that delete. When a step fails, the receipt stays `running` with the reason, and any
 * worker continues.
 * @throws ENTITY_NOT_FOUND, ENTITY_KEY_INVALID, RECEIPTS_UNAVAILABLE, DATABASE_UNAVAILABLE before anything is erased
 */
export async function forgetEntity(deps: ForgetDeps, request: ForgetRequest): Promise<Receipt> {
  const { manifest, actor, reason } = request;
  const entity = await entityOfProject(deps.offlineStore, manifest, request.entity);
  refuseWorld(entity);
  const keys = parseEntityKey(entity, request.key);
  const { project } = manifest;
  const erasure = await beginErasure(deps.offlineStore, {
    project,
    entity,
    keys,
    slot: slotOfEntity(entity.name, canonicalKey(entity, keys)),
    actor,
    reason,
    async keepReceipt(receipt) {
      if (deps.receipts) await keepReceipt(deps.receipts, project, receipt);
    },
  });
  await continueErasure(deps, manifest, erasure);
  return getReceipt(deps.offlineStore, project, erasure.receiptId);
}

/** An entity without join keys is nobody; erased, it would take no row ever again, and its events are everybody's. */
function refuseWorld(entity: EntityManifest): void {
  if (!entity.join_keys.some(({ constant }) => constant !== undefined)) return;
  throw new LarderError(
    'ENTITY_KEY_INVALID',
    `${entity.name} has no join keys: its features describe nobody, so there is no key to forget. To stop serving them, remove its views and run larder apply --prune.`,
  );
}

/** Does every step, from the first; a failure is kept in the receipt. */
export async function continueErasure(deps: EraseDeps, manifest: Manifest, erasure: Erasure): Promise<void> {
  const { receiptId } = erasure;
  for (let attempt = 1; ; attempt++) {
    try {
      return await eraseEverywhere(deps, manifest, erasure);
    } catch (error) {
      if (codeOf(error) === DEADLOCK && attempt < ATTEMPTS) continue;
      deps.logger.warn({ err: error, receiptId }, 'An erasure stopped; a worker continues it');
      const known = isLarderError(error)
        ? { code: error.code, reason: error.message }
        : { code: 'INTERNAL', reason: 'An unexpected error; see the log of the process.' };
      // Without PostgreSQL the lease expires by itself.
      return await interruptErasure(deps.offlineStore, receiptId, known).catch(() => {});
    }
  }
}

async function eraseEverywhere(deps: EraseDeps, manifest: Manifest, erasure: Erasure): Promise<void> {
  const { offlineStore: store, onlineStore } = deps;
  const { project, entity, entityKey } = erasure;
  // First what is served; its tombstone also keeps out rows that landed before and are on their way.
  const rows = await onlineStore.erase(entity.name, entityKey);
  await store.transaction((tx) => countRemoved(tx, erasure, { place: 'online', count: rows }));
  if (!(await awaitWriters(store, project, WRITERS_TIMEOUT_MS)))
    throw new LarderError(
      'ERASURE_UNFINISHED',
      'A transaction that writes rows began before the erasure and has not ended; a worker continues once it has.',
    );
  const views = await viewsOfEntity(store, erasure, definedViews(manifest, entity));
  await eraseHistory(store, erasure);
  await eraseEvents(store, erasure);
  await erasePredictions(store, erasure);
  await eraseFailures(store, erasure, views);
  await eraseRemembered(store, erasure);
  await eraseStagedRows(store, erasure, views);
  const waiting = await eraseQueuedWork(store, erasure, views);
  const archived = await deps.eraseFromArchives(erasure);
  await store.transaction((tx) => countRemoved(tx, erasure, { place: 'archive', count: archived.rows }));
  const [run, ...others] = waiting;
  if (run !== undefined)
    throw new LarderError(
      'ERASURE_UNFINISHED',
      `Everything is erased, except that chunks of ${others.length === 0 ? `run ${run} begin or end` : `${waiting.length} runs (${run}, …) begin or end`} at this key; a worker continues once they have ended: larder runs ${run}`,
    );
  const held: StillHeld[] = archived.unreachable.map(({ host, folder }) => ({
    kind: 'archive',
    id: folder,
    host,
    folder,
    created_at: null,
  }));
  await eraseStatistics(store, erasure);
  await completeErasure(store, erasure, [...(await trainingSetsWithKey(store, erasure)), ...held]);
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code ?? ((error as { cause?: { code?: unknown } }).cause ?? {}).code;
}
