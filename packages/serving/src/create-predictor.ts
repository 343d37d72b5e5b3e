/*
 * The path of one request, stage by stage. Budget for one row: 15 µs of this process, besides Redis and the model. One
 * await for the store and one for the run (and one for missing rows, if `resolveMissing` is set); nothing else here may
 * wait, log, parse JSON or build an object per feature.
 */
import type { LarderError } from '@larder/core';
import { answerRows } from './answer/answer-rows.ts';
import { postProcessRows } from './answer/post-process-rows.ts';
import type { Batch } from './batch.ts';
import { deadlineExceeded, withDeadline } from './deadline.ts';
import type { Inputs } from './inputs/inputs.ts';
import { readInputs } from './inputs/read-inputs.ts';
import { copyScalars } from './log/copy-scalars.ts';
import { logRows } from './log/log-rows.ts';
import { runModel, type ModelRun } from './model/run-model.ts';
import { predictAhead, type ReadAhead } from './precomputed/predict-ahead.ts';
import type { Predictions, Predictor, PredictorDeps, PredictRequest } from './predictor.ts';
import { readFeatures } from './readings/read-features.ts';
import { createReadingCounts } from './readings/reading-counts.ts';
import { patchMissing } from './readings/resolve-missing.ts';
import { fillFromViews, OnDemandFill, type Tensor } from './tensor/fill-tensor.ts';
import { createTensorPool } from './tensor/tensor-pool.ts';
import { TypedTensors } from './tensor/typed-tensors.ts';

/** Answers prediction requests for one compiled plan. */
export function createPredictor(deps: PredictorDeps): Predictor {
  const { plan, runner, predictionLog, clock, resolveMissing } = deps;
  const tensors = createTensorPool(plan);
  const counts = createReadingCounts(plan, deps.agesOf);
  const aheadDeps = { ...deps, counts, predictLive };

  return {
    plan,
    counts,
    predict(request) {
      const mode = request.mode ?? plan.model.mode ?? 'live';
      return mode === 'live' ? predictLive(request, null) : predictAhead(aheadDeps, request, mode);
    },
  };

  async function predictLive(request: PredictRequest, ahead: ReadAhead | null): Promise<Predictions> {
    const startedAtMs = request.startedAtMs ?? performance.now();
    const deadlineAtMs = startedAtMs + (request.deadlineMs ?? plan.model.deadline_ms);
    const inputs = ahead === null ? readInputs(plan, request) : ahead.inputs;
    if (inputs.goodRows === 0) return unanswered(inputs, startedAtMs);
    // Checked first: nothing is read for a run that would be refused.
    runner.admit(inputs.goodRows, deadlineAtMs);

    const readings =
      ahead === null ? await readFeatures(deps, inputs, { counts, deadlineAtMs }) : ahead.readings;
    const batch: Batch = { plan, inputs, readings };
    if (resolveMissing !== undefined && readings.missing > 0 && !readings.storeAway)
      await patchMissing(batch, resolveMissing, { deadlineAtMs, nowMs: () => clock.nowMs() });
    const tensor = plan.tensors === null ? tensors.take(inputs.goodRows) : null;
    if (tensor !== null) fillFromViews(batch, tensor);
    const decodedAtMs = performance.now();
    const typed = tensor === null ? new TypedTensors(batch, runner.inputs) : null;
    const read = answerRows(batch, typed ?? new OnDemandFill(plan, tensor as Tensor), {
      features: request.features === true,
      log: predictionLog !== null,
      counts,
    });
    const computedAtMs = performance.now();

    const run: ModelRun = {
      feed: typed?.feed ?? (tensor as Tensor).floats,
      rows: inputs.goodRows,
      deadlineAtMs,
      gone: request.callerGone ?? stays,
      startedAtMs: computedAtMs,
    };
    const outputs = await runModel(runner, run);
    const scalars =
      predictionLog === null ? null : copyScalars(plan, tensor?.floats ?? NO_FLOATS, inputs.goodRows);
    if (tensor !== null) tensors.give(tensor);
    const rows =
      plan.postprocess === null ? read : postProcessRows(plan.postprocess, batch, { rows: read, outputs });
    const endedAtMs = performance.now();
    const timings = {
      features: decodedAtMs - startedAtMs,
      onDemand: computedAtMs - decodedAtMs,
      queue: run.startedAtMs - computedAtMs,
      model: endedAtMs - run.startedAtMs,
      total: endedAtMs - startedAtMs,
    };
    if (predictionLog === null || scalars === null) return { rows, outputs, timings };
    const answered = { batch, request, rows, outputs, scalars, timings };
    const logging = logRows({ predictionLog }, answered);
    if (logging === null) return { rows, outputs, timings };
    await withDeadline(logging, {
      leftMs: deadlineAtMs - endedAtMs,
      late: () => deadlineExceeded('The durable prediction log'),
    });
    return { rows, outputs, timings: { ...timings, total: performance.now() - startedAtMs } };
  }
}

const NO_FLOATS = new Float32Array(0);

const stays = (): boolean => false;

function unanswered(inputs: Inputs, startedAtMs: number): Predictions {
  const total = performance.now() - startedAtMs;
  return {
    rows: inputs.errors as LarderError[],
    outputs: {},
    timings: { features: 0, onDemand: 0, queue: 0, model: 0, total },
  };
}
