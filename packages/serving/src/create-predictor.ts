/*
 * Budget for one row: 15 µs of this process beside Redis and the model. One await for the store and one for the run;
 * nothing else may wait, log, parse JSON or build an object per feature here.
 */
import { LarderError, isLarderError, newId, type Clock } from '@larder/core';
import type { ModelRunner, RunCaller } from '@larder/model-runtime';
import type { PredictionLog } from '@larder/offline-store';
import type { OnlineStore, RowOrNull } from '@larder/online-store';
import { deadlineExceeded, withDeadline } from './deadline.ts';
import { fillFromOnDemand, fillFromViews, type Tensor } from './tensor/fill-tensor.ts';
import { jsonBytes } from './log/json-bytes.ts';
import { logRecord, onDemandMembers, pointersOf, type Members } from './log/log-record.ts';
import type { CompiledPlan } from './plan/compiled-plan.ts';
import { readInputs, type InputRow, type Inputs } from './inputs/read-inputs.ts';
import {
  STATUS_NAMES,
  countStatuses,
  degradedReasons,
  judgeRows,
  noRows,
  type Batch,
  type Readings,
} from './readings/read-views.ts';
import { createOnDemandRun } from './on-demand/run-on-demand.ts';
import { showFeatures, type ServedFeature } from './answer/show-features.ts';
import { createTensorPool } from './tensor/tensor-pool.ts';

/** What every record has, and what it says of a view: ids, times, outputs, a pointer. */
const RECORD_BYTES = 300;
const VIEW_BYTES = 120;

export interface PredictorDeps {
  readonly plan: CompiledPlan;
  readonly onlineStore: Pick<OnlineStore, 'read'>;
  readonly runner: Pick<ModelRunner, 'run' | 'admit' | 'placement'>;
  /** Null: predictions are not logged. */
  readonly predictionLog: Pick<PredictionLog, 'append' | 'confirm'> | null;
  readonly clock: Clock;
}

export interface PredictRequest {
  readonly rows: readonly InputRow[];
  /** Merged under every row; a row's own member wins. */
  readonly shared?: InputRow | undefined;
  /** JSON pointer of `rows` in the caller's body; without it the one row is the body itself. */
  readonly rowsPointer?: string | undefined;
  /** From `startedAtMs`; without it the model's own. */
  readonly deadlineMs?: number | undefined;
  /** `performance.now()` when the request came. */
  readonly startedAtMs?: number | undefined;
  /** True once nobody waits for the answer: the connection was closed. */
  readonly callerGone?: (() => boolean) | undefined;
  /** Also give every feature with its provenance. */
  readonly features?: boolean | undefined;
  /** Length of the body that the rows came in, which the log keeps alive; measured when left out. */
  readonly sizeBytes?: number | undefined;
}

export interface PredictedRow {
  readonly predictionId: string;
  /** Place in the arrays of `Predictions.outputs`. */
  readonly place: number;
  /** Empty: not degraded. */
  readonly degradedReasons: readonly string[];
  readonly features: readonly ServedFeature[] | null;
}

/** Stage times in milliseconds. */
export interface Timings {
  readonly features: number;
  readonly onDemand: number;
  readonly model: number;
  readonly total: number;
}

export interface Predictions {
  /** In the order given; an error for a row that could not be answered. */
  readonly rows: readonly (PredictedRow | LarderError)[];
  /** One float32 per row that went into the model. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly timings: Timings;
}

export interface Predictor {
  readonly plan: CompiledPlan;
  /** Readings since the start: of the plan's view v with the status s of `STATUS_NAMES` at v × their number + s. */
  readonly statusCounts: Float64Array;
  /**
   * @throws REQUEST_INVALID (what all rows share), ONLINE_STORE_UNAVAILABLE, DEADLINE_EXCEEDED, MODEL_OVERLOADED,
   * MODEL_RUN_FAILED, CALLER_LEFT, PREDICTION_NOT_LOGGED
   */
  predict(request: PredictRequest): Promise<Predictions>;
}

/** Answers predictions of one compiled plan. */
export function createPredictor(deps: PredictorDeps): Predictor {
  const { plan } = deps;
  const tensors = createTensorPool(plan);
  const statusCounts = new Float64Array(STATUS_NAMES.length * plan.views.length);

  return {
    plan,
    statusCounts,
    async predict(request) {
      const startedAtMs = request.startedAtMs ?? performance.now();
      const deadlineAtMs = startedAtMs + (request.deadlineMs ?? plan.model.deadline_ms);
      const inputs = readInputs(plan, request);
      if (inputs.goodRows === 0) return unanswered(inputs, startedAtMs);
      // before anything is read for a run that will be refused
      deps.runner.admit(inputs.goodRows, deadlineAtMs);

      const readings = await readFeatures(deps, inputs, deadlineAtMs);
      countStatuses(plan, readings, statusCounts);
      const batch: Batch = { plan, inputs, readings };
      const tensor = tensors.take(inputs.goodRows);
      decodeRows(batch, tensor);
      const decodedAtMs = performance.now();
      const rows = computeRows(batch, tensor, {
        features: request.features === true,
        log: deps.predictionLog !== null,
      });
      const computedAtMs = performance.now();

      const outputs = await runModel(deps, {
        tensor,
        rows: inputs.goodRows,
        deadlineAtMs,
        gone: request.callerGone ?? stays,
      });
      tensors.give(tensor);
      const endedAtMs = performance.now();
      const timings = {
        features: decodedAtMs - startedAtMs,
        onDemand: computedAtMs - decodedAtMs,
        model: endedAtMs - computedAtMs,
        total: endedAtMs - startedAtMs,
      };
      const logging = logRows(deps, { batch, request, rows, outputs, totalMs: timings.total });
      if (logging === null) return { rows, outputs, timings };
      await withDeadline(logging, {
        leftMs: deadlineAtMs - endedAtMs,
        late: () => deadlineExceeded('The durable prediction log'),
      });
      return { rows, outputs, timings: { ...timings, total: performance.now() - startedAtMs } };
    },
  };
}

/** A row on its way; what the functions gave is for the log, as later rows overwrite it. */
interface ComputedRow extends PredictedRow {
  readonly row: number;
  readonly onDemand: Members | null;
  readonly onDemandBytes: number;
}

type ComputedRows = readonly (ComputedRow | LarderError)[];

function unanswered(inputs: Inputs, startedAtMs: number): Predictions {
  const total = performance.now() - startedAtMs;
  return {
    rows: inputs.errors as LarderError[],
    outputs: {},
    timings: { features: 0, onDemand: 0, model: 0, total },
  };
}

/** Of the time that a request has left when the online store is asked. */
const STORE_SHARE = 0.75;

function storeIsLate(leftMs: number): LarderError {
  if (leftMs <= 0) return deadlineExceeded('The online store');
  return new LarderError('ONLINE_STORE_UNAVAILABLE', 'The online store did not answer in time.');
}

async function readFeatures(deps: PredictorDeps, inputs: Inputs, deadlineAtMs: number): Promise<Readings> {
  const { plan, onlineStore, clock } = deps;
  if (plan.groups.length === 0) return judgeRows(plan, [], clock.nowMs());
  let rows: RowOrNull[][];
  try {
    const reading = onlineStore.read(plan.readPlan, inputs.keysByGroup);
    const leftMs = deadlineAtMs - performance.now();
    // a store that hangs is away: the rest of the time is for the answer from defaults
    rows = await withDeadline(reading, { leftMs: leftMs * STORE_SHARE, late: () => storeIsLate(leftMs) });
  } catch (error) {
    if (!isLarderError(error) || error.code !== 'ONLINE_STORE_UNAVAILABLE') throw error;
    if (plan.model.when_store_unavailable === 'defaults') return noRows(plan, inputs, clock.nowMs());
    throw new LarderError(
      'ONLINE_STORE_UNAVAILABLE',
      `The online store does not answer, and ${plan.model.name} is declared to fail rather than to answer from defaults.`,
      { cause: error, retryAfterSeconds: error.retryAfterSeconds ?? 1 },
    );
  }
  return judgeRows(plan, rows, clock.nowMs());
}

function decodeRows(batch: Batch, tensor: Tensor): void {
  const { errors } = batch.inputs;
  let place = 0;
  for (let r = 0; r < errors.length; r++)
    if (errors[r] === null) fillFromViews(batch, r, { tensor, row: place++ });
}

function computeRows(
  batch: Batch,
  tensor: Tensor,
  wanted: { readonly features: boolean; readonly log: boolean },
): ComputedRows {
  const { plan, inputs } = batch;
  const onDemandRun = createOnDemandRun(batch);
  const rows = new Array<ComputedRow | LarderError>(inputs.errors.length);
  let place = -1;
  let onDemand: Members | null = null;
  let onDemandBytes = 0;
  for (let r = 0; r < rows.length; r++) {
    const invalid = inputs.errors[r] as LarderError | null;
    if (invalid === null) place += 1;
    const error = invalid ?? onDemandRun.run(r);
    if (error !== null) {
      rows[r] = error;
      // the run takes the row of a failed function along: it shall not hold what an earlier request left there
      if (invalid === null) tensor.floats.fill(0, place * plan.width, (place + 1) * plan.width);
      continue;
    }
    fillFromOnDemand(plan, onDemandRun.results, { tensor, row: place });
    if (wanted.log && onDemandRun.changed()) {
      onDemand = onDemandMembers(plan, onDemandRun.results);
      onDemandBytes = jsonBytes(onDemand);
    }
    rows[r] = {
      row: r,
      predictionId: newId(),
      place,
      degradedReasons: degradedReasons(batch, r),
      features: wanted.features ? showFeatures(batch, r, onDemandRun.results) : null,
      onDemand,
      onDemandBytes,
    };
  }
  return rows;
}

const stays = (): boolean => false;

function runModel(
  { runner }: PredictorDeps,
  run: { readonly tensor: Tensor; readonly rows: number } & RunCaller,
): Promise<Readonly<Record<string, Float32Array>>> {
  const { tensor, rows } = run;
  // an inline run holds the thread: no timer could end it
  return runner.placement === 'inline'
    ? runner.run(tensor.floats, rows)
    : runner.run(tensor.floats, rows, { deadlineAtMs: run.deadlineAtMs, gone: run.gone });
}

interface AnsweredBatch {
  readonly batch: Batch;
  readonly request: PredictRequest;
  readonly rows: ComputedRows;
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly totalMs: number;
}

/** Null: nothing to wait for. @throws PREDICTION_NOT_LOGGED the durable log is full */
function logRows(deps: PredictorDeps, answered: AnsweredBatch): Promise<void> | null {
  const { predictionLog, clock } = deps;
  if (predictionLog === null) return null;
  const { batch, request, rows, outputs, totalMs } = answered;
  const logged = {
    plan: batch.plan,
    rows: request.rows,
    shared: request.shared,
    predictedAtMs: clock.nowMs(),
    latencyUs: totalMs * 1_000,
    outputs,
    pointers: pointersOf(batch),
    rowBytes: rowBytes(answered),
  };
  const { confirm } = predictionLog;
  for (const row of rows)
    if (!(row instanceof LarderError) && !predictionLog.append(logRecord(logged, row)) && confirm !== null)
      throw new LarderError(
        'PREDICTION_NOT_LOGGED',
        'The prediction could not be logged, and the log is durable: its buffer is full; try again.',
        { retryAfterSeconds: 1 },
      );
  return confirm === null ? null : confirm();
}

/** Without what its on-demand functions gave. A row is written with what all share, and keeps the others' input alive. */
function rowBytes({ batch, request, rows }: AnsweredBatch): number {
  let answered = 0;
  for (const row of rows) if (!(row instanceof LarderError)) answered += 1;
  const shared = request.shared === undefined ? 0 : jsonBytes(request.shared);
  const own = (request.sizeBytes ?? jsonBytes(request.rows)) / Math.max(answered, 1);
  return Math.ceil(own) + shared + RECORD_BYTES + VIEW_BYTES * batch.plan.views.length;
}
