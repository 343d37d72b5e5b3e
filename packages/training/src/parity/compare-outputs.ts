import { isDeepStrictEqual } from 'node:util';
import { LarderError } from '@larder/core';
import { encodeJsonValue, evaluatePostProcess, onDemandValue } from '@larder/features';
import type { LoggedPrediction } from '@larder/offline-store';
import type { ParityPlan } from './parity-plan.ts';
import type { ParityCounts } from './parity-report.ts';
import { loggedRequest } from './rebuild-on-demand.ts';

/**
 * Runs the post-processing of the model version again, on what the artifact gave and the request as they were logged, and
 * compares every output with the logged one.
 */
export function compareOutputs(
  { postprocess }: ParityPlan,
  prediction: LoggedPrediction,
  counts: ParityCounts,
): void {
  const { rawOutputs, outputs } = prediction;
  if (postprocess === null || rawOutputs === null) return;
  const request = loggedRequest(postprocess.request, prediction);
  if (request === null) return counts.unchecked('request_hidden');
  const result = evaluatePostProcess(postprocess, {
    // The artifact gave float32; JSON has no NaN.
    outputs: Object.fromEntries(
      postprocess.outputs.map(({ name }) => [name, Math.fround((rawOutputs[name] ?? Number.NaN) as number)]),
    ),
    request: Object.fromEntries(
      postprocess.request.map(({ name }, at) => [name, request[at] ?? null] as const),
    ),
  });
  if (result instanceof LarderError) return counts.unchecked('on_demand_failed');
  for (const feature of postprocess.features) {
    const rebuilt = encodeJsonValue(feature.field, onDemandValue(result, feature));
    const logged = outputs[feature.name] ?? null;
    const same = isDeepStrictEqual(logged, rebuilt);
    counts.compared(
      `${postprocess.name}:${feature.name}`,
      same
        ? null
        : {
            cause: 'value',
            explanation: null,
            detail: 'the function gives another value for the same outputs and request',
            predictionId: prediction.predictionId,
            logged,
            rebuilt,
          },
    );
  }
}
