/*
 * Requests that ask for precomputed predictions. One round trip reads them together with what the model reads; a request
 * whose rows are all precomputed runs no model.
 */
import { isLarderError, LarderError, type ErrorCode, newId, requestInvalid } from '@larder/core';
import type { RowOrNull } from '@larder/online-store';
import { deadlineExceeded, withDeadline } from '../deadline.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import type { CompiledPlan } from '../plan/compiled-plan.ts';
import type { AnswerOrigin, PredictedRow, Predictions, PredictorDeps, PredictRequest } from '../predictor.ts';
import { readInTime, refusalWithout, throwUnlessAway } from '../readings/read-features.ts';
import { judgeRows, noRows, type Readings } from '../readings/judge-rows.ts';
import type { ReadingCounts } from '../readings/reading-counts.ts';
import { aheadRecord } from './ahead-record.ts';
import { judgePrediction, type FoundPrediction } from './judge-prediction.ts';
import type { PrecomputedPlan } from './precomputed-plan.ts';

/** What is read already, for the rows that the model answers. */
export interface ReadAhead {
  readonly inputs: Inputs;
  readonly readings: Readings;
}

export interface AheadDeps extends PredictorDeps {
  readonly counts: ReadingCounts;
  /** Answers the rows that have no error. */
  readonly predictLive: (request: PredictRequest, read: ReadAhead | null) => Promise<Predictions>;
}

export async function predictAhead(
  deps: AheadDeps,
  given: PredictRequest,
  mode: 'precomputed' | 'precomputed_or_live',
): Promise<Predictions> {
  const { plan, clock } = deps;
  const { precomputed, model } = plan;
  if (precomputed === null) {
    if (mode === 'precomputed')
      throw requestInvalid([
        {
          pointer: '/options/mode',
          detail: `cannot be 'precomputed': no predictions of ${model.name}@${plan.version} are computed ahead; define precomputedPredictions(…) of it`,
        },
      ]);
    return withOrigins(await deps.predictLive(given, null), () => live('NOT_DEFINED'));
  }
  const startedAtMs = given.startedAtMs ?? performance.now();
  const request = { ...withConstants(given, precomputed, clock.nowMs()), startedAtMs };
  const inputs = readInputs(plan, request);
  const deadlineAtMs = startedAtMs + (request.deadlineMs ?? model.deadline_ms);
  const readPlan = mode === 'precomputed' ? precomputed.readPredictions : precomputed.readAll;
  let rows: RowOrNull[] | null = null;
  if (inputs.goodRows > 0) {
    try {
      const read = await readInTime(deps.onlineStore, readPlan, { inputs, deadlineAtMs });
      rows = read[precomputed.group] ?? null;
    } catch (error) {
      throwUnlessAway(error, mode === 'precomputed' ? NO_DEFAULTS : refusalWithout(plan));
    }
  }
  const nowMs = clock.nowMs();
  const judged = judgeAll(plan, precomputed, { inputs, rows, nowMs, alone: mode === 'precomputed' });
  const answered = judged.map((found, row) =>
    found === null || typeof found === 'string' ? null : found && { found, row },
  );
  const waiting = judged.filter((found) => typeof found === 'string').length;
  const fromModel = mode === 'precomputed' || waiting === 0 ? null : await answerRest().catch(unlessAnswered);
  const predictions = isLarderError(fromModel) ? null : fromModel;
  const totalMs = performance.now() - startedAtMs;
  const ahead = await answerAhead();
  return {
    rows: judged.map((found, row) => {
      if (found === null) return inputs.errors[row] as LarderError;
      if (typeof found !== 'string') return ahead[row] as PredictedRow;
      if (fromModel === null) return notPrecomputed(plan, found);
      if (isLarderError(fromModel)) return fromModel;
      const predicted = fromModel.rows[row] as PredictedRow | LarderError;
      return isLarderError(predicted) ? predicted : Object.assign(predicted, { origin: live(found) });
    }),
    outputs: predictions?.outputs ?? {},
    timings: predictions?.timings ?? { features: totalMs, onDemand: 0, queue: 0, model: 0, total: totalMs },
  };

  function answerRest(): Promise<Predictions> {
    const errors = inputs.errors.map((error, row) => error ?? (answered[row] === null ? null : ANSWERED));
    const rest: Inputs = { ...inputs, errors, goodRows: waiting };
    const { counts } = deps;
    const readings =
      rows === null
        ? noRows(plan, inputs, { nowMs, counts })
        : judgeRows(plan, [modelRows(rows, precomputed as PrecomputedPlan)], { nowMs, counts });
    return deps.predictLive(request, { inputs: rest, readings });
  }

  /** That the model cannot answer now is the error of its rows alone, if there are others. */
  function unlessAnswered(error: unknown): LarderError {
    if (isLarderError(error) && OF_MODEL.has(error.code) && waiting < inputs.goodRows) return error;
    throw error;
  }

  async function answerAhead(): Promise<(PredictedRow | null)[]> {
    const { predictionLog } = deps;
    const predicted = answered.map(
      (each) => each && answerOf(each.found, { nowMs, features: request.features === true }),
    );
    if (predictionLog === null) return predicted;
    for (const [row, each] of answered.entries()) {
      const { predictionId } = predicted[row] ?? {};
      if (each === null || predictionId === undefined) continue;
      const record = aheadRecord({
        plan,
        inputs,
        request,
        row,
        predictionId,
        found: each.found,
        nowMs,
        totalMs,
      });
      if (!predictionLog.append(record) && predictionLog.confirm !== null)
        throw new LarderError(
          'PREDICTION_NOT_LOGGED',
          'The prediction was not logged: the buffer of the durable log is full. Retry.',
          { retryAfterSeconds: 1 },
        );
    }
    if (predictionLog.confirm !== null && answered.some((each) => each !== null))
      await withDeadline(predictionLog.confirm(), {
        leftMs: deadlineAtMs - performance.now(),
        late: () => deadlineExceeded('The durable prediction log'),
      });
    return predicted;
  }
}

const NO_DEFAULTS = 'A precomputed prediction has no defaults.';

const OF_MODEL: ReadonlySet<string> = new Set<ErrorCode>([
  'MODEL_OVERLOADED',
  'MODEL_RUN_FAILED',
  'DEADLINE_EXCEEDED',
]);

/** In place of the error of a row that needs no model. */
const ANSWERED = new LarderError('PREDICTION_NOT_PRECOMPUTED', 'The row is answered already.');

interface ReadPredictions {
  readonly inputs: Inputs;
  /** Null: the store did not answer. */
  readonly rows: readonly RowOrNull[] | null;
  readonly nowMs: number;
  /** The rows are of the predictions alone. */
  readonly alone: boolean;
}

/** By row: its prediction, why there is none, or null for a row that is not valid. */
function judgeAll(
  plan: CompiledPlan,
  precomputed: PrecomputedPlan,
  { inputs, rows, nowMs, alone }: ReadPredictions,
): (FoundPrediction | string | null)[] {
  const views = precomputed.views.length;
  const skipped = alone ? 0 : precomputed.modelViews;
  return inputs.errors.map((error, row) => {
    if (error !== null) return null;
    if (rows === null) return 'online_store:UNAVAILABLE';
    const start = (inputs.slots[row] as number) * (skipped + views) + skipped;
    const request = inputs.requests[row] ?? [];
    return judgePrediction({ plan, precomputed, rows: rows.slice(start, start + views), request, nowMs });
  });
}

/** What the model itself reads, as its plan expects it. */
function modelRows(rows: readonly RowOrNull[], { modelViews, views }: PrecomputedPlan): RowOrNull[] {
  const stride = modelViews + views.length;
  return rows.filter((_, at) => at % stride < modelViews);
}

/** A request field that the caller leaves out has the value that the predictions are computed for. */
function withConstants(
  request: PredictRequest,
  { views: [newest] }: PrecomputedPlan,
  nowMs: number,
): PredictRequest {
  const shared: unknown = request.shared?.request ?? {};
  if (newest === undefined || typeof shared !== 'object' || shared === null || Array.isArray(shared))
    return request;
  const now = new Date(nowMs).toISOString();
  const instants = Object.fromEntries(newest.runTimes.map((name) => [name, now]));
  return {
    ...request,
    shared: { ...request.shared, request: { ...newest.request, ...instants, ...shared } },
  };
}

function answerOf(
  { view, outputs, computedAtMs }: FoundPrediction,
  { nowMs, features }: { readonly nowMs: number; readonly features: boolean },
): PredictedRow {
  return {
    predictionId: newId(),
    place: -1,
    degradedReasons: [],
    features: features ? [] : null,
    outputs,
    origin: { source: 'precomputed', view: view.ref, computedAtMs, ageMs: Math.max(0, nowMs - computedAtMs) },
  };
}

function live(reason: string): AnswerOrigin {
  return { source: 'live', reason };
}

function withOrigins(predictions: Predictions, originOf: () => AnswerOrigin): Predictions {
  const rows = predictions.rows.map((row) =>
    isLarderError(row) ? row : Object.assign({}, row, { origin: originOf() }),
  );
  return { ...predictions, rows };
}

function notPrecomputed({ model, version }: CompiledPlan, reason: string): LarderError {
  const remedy = reason.endsWith(':OTHER_REQUEST')
    ? 'Leave out the request fields for which it declares other values'
    : `Compute it with larder backfill ${reason.split('@')[0]}`;
  return new LarderError(
    'PREDICTION_NOT_PRECOMPUTED',
    `There is no precomputed prediction of ${model.name}@${version} for this request (${reason}). ${remedy}, or ask with options.mode 'precomputed_or_live'.`,
  );
}
