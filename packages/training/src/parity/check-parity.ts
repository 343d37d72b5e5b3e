import type { Clock } from '@larder/core';
import { findPredictions, type LoggedPrediction, type OfflineStore } from '@larder/offline-store';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';
import { compareOutputs } from './compare-outputs.ts';
import { comparePrediction } from './compare-prediction.ts';
import { compileParity, type ParityPlan } from './parity-plan.ts';
import { ParityCounts, type ParityReport } from './parity-report.ts';
import { createOnDemandRebuild } from './rebuild-on-demand.ts';
import { rebuildReadings } from './rebuild-readings.ts';

export interface ParityDeps {
  readonly store: OfflineStore;
  /** What a model version was made of, under the policies applied now; null: not on record. */
  readonly definitionsOf: (version: number) => Promise<TrainingSetDefinitions | null>;
  readonly clock: Clock;
}

export interface ParityRequest {
  readonly project: string;
  readonly model: string;
  readonly version?: number | undefined;
  /** From `from` to before `to`. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Newest predictions that are compared. */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number) => void) | undefined;
}

const PAGE = 500;

/**
 * Rebuilds the features of logged predictions as a training set would (as served, by the same functions) and compares
 * each with what the model got.
 * @throws HISTORY_MISSING, DATABASE_UNAVAILABLE, the signal's reason
 */
export async function checkParity(deps: ParityDeps, request: ParityRequest): Promise<ParityReport> {
  const { limit, signal, onProgress = () => {}, ...filter } = request;
  const counts = new ParityCounts();
  const plans = new Map<number, ParityPlan | null>();
  let cursor: string | null | undefined;
  let done = 0;
  while (done < limit && cursor !== null) {
    signal.throwIfAborted();
    const page = await findPredictions(deps.store, filter, {
      limit: Math.min(PAGE, limit - done),
      cursor: cursor ?? undefined,
    });
    // Computed from the features of an earlier instant, and read as a row of a view.
    const [ahead, asked] = [true, false].map((is) =>
      page.predictions.filter(({ precomputed }) => (precomputed !== null) === is),
    ) as [LoggedPrediction[], LoggedPrediction[]];
    for (const { version } of ahead) {
      counts.prediction(version);
      counts.unchecked('precomputed');
    }
    for (const [version, predictions] of Map.groupBy(asked, (each) => each.version)) {
      if (!plans.has(version)) {
        const definitions = await deps.definitionsOf(version);
        plans.set(version, definitions && compileParity(definitions, request.model));
      }
      await comparePredictions(deps, plans.get(version) ?? null, { predictions, counts, signal });
    }
    done += page.predictions.length;
    ({ cursor } = page);
    onProgress(done);
  }
  return counts.report({ model: request.model, complete: cursor === null });
}

interface Batch {
  readonly predictions: readonly LoggedPrediction[];
  readonly counts: ParityCounts;
  readonly signal: AbortSignal;
}

async function comparePredictions(
  { store, clock }: ParityDeps,
  plan: ParityPlan | null,
  { predictions, counts, signal }: Batch,
): Promise<void> {
  for (const { version } of predictions) counts.prediction(version);
  if (plan === null) {
    for (const _ of predictions) counts.unchecked('no_content');
    return;
  }
  const readings = await rebuildReadings(store, plan, predictions, {
    landedBefore: new Date(clock.nowMs()),
    signal,
  });
  const onDemandOf = createOnDemandRebuild(plan);
  for (const [at, prediction] of predictions.entries()) {
    const found = readings[at] ?? new Map();
    compareOutputs(plan, prediction, counts);
    await comparePrediction(
      store,
      plan,
      { prediction, readings: found, onDemand: onDemandOf(prediction, found) },
      counts,
    );
  }
}
