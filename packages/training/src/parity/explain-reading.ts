import { viewRef, type FeatureViewManifest } from '@larder/features';
import {
  rowsAtPointers,
  ttlInForce,
  whyHistoryIsGone,
  type LoggedPrediction,
  type LoggedView,
  type OfflineStore,
  type PointedRow,
} from '@larder/offline-store';
import type { ParityPlan } from './parity-plan.ts';
import type { Difference, Explanation } from './parity-report.ts';
import type { RebuiltReading } from './rebuild-readings.ts';

/**
 * The clock of a service is not PostgreSQL's. A row confirmed this long before the reading began may or may not have been
 * there.
 */
export const CLOCKS_APART_MS = 1_000;

export interface DifferingReading {
  readonly plan: ParityPlan;
  readonly view: FeatureViewManifest;
  readonly prediction: LoggedPrediction;
  readonly logged: LoggedView;
  readonly rebuilt: RebuiltReading;
}

/** True when both read the same row, or neither had one to use. Windows have no row: their values are compared. */
export function sameReading(
  { windowed }: FeatureViewManifest,
  logged: LoggedView,
  { status, row }: RebuiltReading,
): boolean {
  if ((logged.status === 'PRESENT') !== (status === 'PRESENT')) return false;
  return status !== 'PRESENT' || windowed !== undefined || isRow(logged, row);
}

/** Why the join finds another row than the one that was read. */
export async function explainReading(store: OfflineStore, differing: DifferingReading): Promise<Difference> {
  const { plan, view, prediction, logged, rebuilt } = differing;
  const at = prediction.predictedAt.getTime();
  // A prediction's time is taken when the store has answered.
  const askedAtMs = at - (prediction.featuresUs ?? 0) / 1_000;
  const justConfirmed =
    rebuilt.row?.onlineAtMs != null && askedAtMs - rebuilt.row.onlineAtMs <= CLOCKS_APART_MS;
  if (isRow(logged, rebuilt.row)) {
    const then = await ttlInForce(store, {
      project: plan.manifest.project,
      ref: viewRef(view),
      at: prediction.predictedAt,
    });
    if (then !== null && then !== view.ttl_ms)
      return explained('ttl_changed', 'the TTL of the view was changed since');
    return unexplained('the same row was judged by another age');
  }
  if (logged.status !== 'PRESENT') {
    if (prediction.degradedReasons.includes('online_store:UNAVAILABLE'))
      return explained('online_store_unavailable', 'the online store did not answer');
    if (justConfirmed)
      return explained('same_moment', 'the row was confirmed in the moment of the prediction');
    return unexplained(`history had a row, and the online read was ${logged.status}`);
  }
  if (view.windowed !== undefined)
    return explained('retention', 'events of the windows are older than their source keeps them');
  const { event_timestamp_ms: eventTimestampMs, created_timestamp_ms: createdTimestampMs, revision } = logged;
  if (eventTimestampMs === null || createdTimestampMs === null || revision === null)
    return unexplained('the log has no pointer to the row that was read');
  const pointer = { keys: rebuilt.keys, eventTimestampMs, createdTimestampMs, revision };
  const [read = null] = await rowsAtPointers(store, plan.manifest, view, [pointer]);
  if (read === null) {
    const { entityKey } = rebuilt;
    const why = await whyHistoryIsGone(store, plan.manifest, view, { entityKey, eventTimestampMs });
    if (why === 'erased') return explained('erased', 'the entity was erased');
    if (why === 'retention') return explained('retention', 'the month of the row was dropped from history');
    return unexplained('history has no row like the one that was read');
  }
  if (eventTimestampMs > at)
    return unexplained('the row that was read has an event timestamp after the prediction');
  if (read.onlineAtMs === null || read.onlineAtMs > at)
    return explained('not_confirmed', 'the row that was read had landed, but was not confirmed yet');
  if (justConfirmed)
    return explained('same_moment', 'a newer row was confirmed in the moment of the prediction');
  return unexplained('another row was read');
}

function isRow(logged: LoggedView, row: PointedRow | null): boolean {
  return (
    row !== null &&
    row.eventTimestampMs === logged.event_timestamp_ms &&
    row.createdTimestampMs === logged.created_timestamp_ms &&
    row.revision === logged.revision
  );
}

export function explained(explanation: Explanation, detail: string): Difference {
  return { cause: 'time', explanation, detail };
}

function unexplained(detail: string): Difference {
  return { cause: 'time', explanation: null, detail };
}
