import { viewRef } from '@larder/features';
import { unsettledEvents, type LoggedPrediction, type OfflineStore } from '@larder/offline-store';
import { CLOCKS_APART_MS, explained } from './explain-reading.ts';
import type { ParityPlan } from './parity-plan.ts';
import type { Difference } from './parity-report.ts';
import type { Rebuilt } from './rebuild-readings.ts';

export interface DifferingWindows {
  /** References of the views that the feature follows from. */
  readonly reads: ReadonlySet<string>;
  readonly prediction: LoggedPrediction;
  readonly readings: Rebuilt;
}

/** Why windows had another value online than their confirmed events have. Null: nothing explains it. */
export async function explainWindows(
  store: OfflineStore,
  plan: ParityPlan,
  { reads, prediction, readings }: DifferingWindows,
): Promise<Difference | null> {
  for (const { entity, views } of plan.groups)
    for (const view of views) {
      const reading = readings.get(viewRef(view));
      if (view.windowed === undefined || !reads.has(viewRef(view)) || reading === undefined) continue;
      const unsettled = await unsettledEvents(
        store,
        { project: plan.manifest, entity, view },
        { keys: reading.keys, at: prediction.predictedAt, marginMs: CLOCKS_APART_MS },
      );
      if (unsettled.confirmed)
        return explained('same_moment', 'events were confirmed in the moment of the prediction');
      // other events of their tiles took them along
      if (unsettled.unconfirmed)
        return explained('not_confirmed', 'events had landed, and were not confirmed yet');
    }
  return null;
}
