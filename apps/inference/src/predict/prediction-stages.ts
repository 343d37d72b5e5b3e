import type { Stage } from '@larder/core/tracing';
import type { Timings } from '@larder/serving';

/** The spans within a predict request; `afterMs` is when the prediction began. */
export function predictionStages({ features, onDemand, queue, model }: Timings, afterMs: number): Stage[] {
  const read = { name: 'larder.features', afterMs, tookMs: features };
  const computed = { name: 'larder.on_demand', afterMs: afterMs + features, tookMs: onDemand };
  const ran = { name: 'larder.model', afterMs: afterMs + features + onDemand + queue, tookMs: model };
  return [read, computed, ran];
}
