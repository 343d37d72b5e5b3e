import type { FeatureViewManifest } from '@larder/features';
import type { RowOrNull } from '@larder/online-store';
import type { Batch } from '../batch.ts';
import { deadlineExceeded, withDeadline } from '../deadline.ts';
import type { PlanView } from '../plan/compiled-plan.ts';
import { PRESENT, STATUS_NAMES } from './view-statuses.ts';

/** A feature view of one entity for which the store has no usable row. */
export interface MissingKey {
  readonly view: FeatureViewManifest;
  readonly entityKey: string;
  readonly status: 'NOT_FOUND' | 'OUTSIDE_MAX_AGE' | 'UNREADABLE';
}

/**
 * The port for values that arrive late, such as those computed while the request waits. Returns packed rows in the
 * order of the keys, null where there is none; rows that come after `leftMs`, or fail, are not used. It decides which
 * keys are worth computing, and reports its own failures: nothing is logged here.
 */
export type ResolveMissing = (keys: readonly MissingKey[], leftMs: number) => Promise<readonly RowOrNull[]>;

/** Share of the time left after the store was read: the rest is for the model. */
const RESOLVE_SHARE = 0.75;

/** Adds rows that arrive in time to the readings, before anything is decoded. Never rejects. */
export async function patchMissing(
  batch: Batch,
  resolve: ResolveMissing,
  { deadlineAtMs, nowMs }: { readonly deadlineAtMs: number; readonly nowMs: () => number },
): Promise<void> {
  const leftMs = (deadlineAtMs - performance.now()) * RESOLVE_SHARE;
  if (leftMs <= 0) return;
  const missing = missingReadings(batch);
  try {
    const resolving = resolve(
      missing.map(({ key }) => key),
      leftMs,
    );
    const rows = await withDeadline(resolving, { leftMs, late: () => deadlineExceeded('Missing values') });
    const arrivedAtMs = nowMs();
    for (const [m, { view, at }] of missing.entries())
      patch(batch, { view, at, row: rows[m] ?? null, arrivedAtMs });
  } catch {
    // what came is kept, the rest is missing as before
  }
}

interface MissingReading {
  readonly key: MissingKey;
  readonly view: PlanView;
  /** Index within the view's group. */
  readonly at: number;
}

function missingReadings({ plan, inputs, readings }: Batch): MissingReading[] {
  const missing: MissingReading[] = [];
  for (const [g, { views }] of plan.groups.entries())
    for (const [at, code] of (readings.statuses[g] as Uint8Array).entries()) {
      if (code === PRESENT) continue;
      const view = plan.views[views[at % views.length] as number] as PlanView;
      const entityKey = inputs.keysByGroup[g]?.[Math.floor(at / views.length)] as string;
      const status = STATUS_NAMES[code] as MissingKey['status'];
      missing.push({ key: { view: view.view, entityKey, status }, view, at });
    }
  return missing;
}

function patch(
  { readings }: Batch,
  late: {
    readonly view: PlanView;
    readonly at: number;
    readonly row: RowOrNull;
    readonly arrivedAtMs: number;
  },
): void {
  const { view, at, row, arrivedAtMs } = late;
  // Checked like any other row: one that is too old or has another schema changes nothing.
  if (view.statusOf(row, arrivedAtMs) !== 'PRESENT') return;
  (readings.rows[view.group] as RowOrNull[])[at] = row;
  (readings.statuses[view.group] as Uint8Array)[at] = PRESENT;
  readings.missing -= 1;
}
