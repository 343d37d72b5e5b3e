import type { Logger } from '@larder/core';
import type { Manifest } from '@larder/features';
import { hasOpenRun, type RunStore } from '../runs/index.ts';
import { createBackfill } from '../backfill/create-backfill.ts';
import type { ScheduleTick } from './schedules.ts';

/** Queues the run of a tick, once however often the tick is delivered, and not while the one before is open. */
export async function queueScheduledRun(
  { store, logger }: { readonly store: RunStore; readonly logger: Logger },
  applied: Manifest | null,
  tick: ScheduleTick,
): Promise<void> {
  const view = applied?.feature_views[tick.viewRef];
  if (!applied || !view) return;
  const { name, version } = view;
  if (await hasOpenRun(store, { project: applied.project, view: name, version, trigger: 'schedule' })) {
    logger.warn({ view: tick.viewRef }, 'A scheduled run is left out: the one before has not ended');
    return;
  }
  await createBackfill(store, {
    manifest: applied,
    view: tick.viewRef,
    scope: { all: true },
    trigger: 'schedule',
    idempotencyKey: `schedule ${tick.viewRef} ${tick.dueAt.toISOString()}`,
  });
}
