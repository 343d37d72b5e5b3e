/*
 * Answers the two predict routes on node:http, before Express, which would cost more than the prediction itself
 * (docs/adr/0002-raw-handler-for-predict.md). Budget: 10 µs on top of node:http and the predictor. Nothing may be
 * logged here for a request that succeeds; the prediction log and the metrics record it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LarderError, isLarderError, toLarderError } from '@larder/core';
import type { Count } from '@larder/core/metrics';
import { requestSpan, tracer, type RequestSpan, type Stage } from '@larder/core/tracing';
import type { Predictions } from '@larder/serving';
import { keyHeaders } from '../access/key-headers.ts';
import type { Metrics, PredictMetrics } from '../metrics/create-metrics.ts';
import type { BodyRoom } from '../http/body-room.ts';
import { overloaded } from '../http/byte-budget.ts';
import type { FailureLog } from '../http/failure-log.ts';
import { sendProblem } from '../http/problem.ts';
import { parseJson, readBody } from '../http/read-body.ts';
import { requestIdOf } from '../http/request-id.ts';
import { CALLER_LEFT } from '../http/request-scope.ts';
import { DATA_HEADERS } from '../http/security-headers.ts';
import type { UnreadAnswers } from '../http/unread-answers.ts';
import type { ModelInService } from '../models/model-in-service.ts';
import type { ServedModel } from '../models/served-model.ts';
import { predictionStages } from './prediction-stages.ts';
import { parsePredict, parsePredictBatch, type ParsedPredict } from './parse-request.ts';
import { predictAnswer, predictBatchAnswer } from './write-answer.ts';

export interface PredictHandlerDeps {
  /** @throws MODEL_NOT_FOUND, MODEL_NOT_READY */
  findModel(name: string): Pick<ModelInService, 'route'>;
  readonly metrics: Metrics;
  readonly failures: FailureLog;
  readonly bodies: BodyRoom;
  readonly answers: UnreadAnswers;
}

/** True when the request is for a predict route and will be answered here. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Limit on rows in progress, including those whose callers have left; a request itself counts as several rows. */
const MAX_RUNNING = 32_000;
const REQUEST_COST = 15;
const ROUTE = /^\/v1\/models\/([^/?]+)\/(predict|predict-batch)\/?(?:\?(.*))?$/;
const SECURITY = Object.entries(DATA_HEADERS).flat();

interface PredictRoute {
  readonly pattern: string;
  readonly rowsPointer: string | undefined;
  readonly parse: (json: unknown) => ParsedPredict;
  readonly write: typeof predictAnswer;
  readonly answered: Count;
  /** Metrics of each version that answers it. */
  readonly reports: WeakMap<ServedModel, PredictMetrics>;
}

export function createPredictHandler(deps: PredictHandlerDeps): RawHandler {
  const { findModel, metrics, failures, bodies, answers } = deps;
  const bodyLimits = { limitBytes: MAX_BODY_BYTES, bodies };
  let running = 0;
  const one = '/v1/models/{model}/predict';
  const many = '/v1/models/{model}/predict-batch';
  const routes: Record<string, PredictRoute> = {
    predict: {
      pattern: one,
      rowsPointer: undefined,
      parse: parsePredict,
      write: predictAnswer,
      answered: metrics.request(one, 'POST', 200),
      reports: new WeakMap(),
    },
    'predict-batch': {
      pattern: many,
      rowsPointer: '/rows',
      parse: parsePredictBatch,
      write: predictBatchAnswer,
      answered: metrics.request(many, 'POST', 200),
      reports: new WeakMap(),
    },
  };
  const spans = tracer();
  return (request, response) => {
    if (request.method !== 'POST') return false;
    const match = ROUTE.exec(request.url ?? '');
    if (match === null) return false;
    const requestId = requestIdOf(request);
    const route = routes[match[2] as string] as PredictRoute;
    const model = match[1] as string;
    const traced = spans === null ? null : trace(spans, request, { pattern: route.pattern, model });
    answer(request, { route, model, query: match[3] ?? '', requestId, response, traced }).then(
      (text) => {
        bodies.release(request);
        if (response.destroyed) {
          left(route);
          traced?.span.end({ status: CALLER_LEFT, stages: traced.stages });
          return;
        }
        traced?.span.end({ status: 200, stages: traced.stages });
        route.answered.value += 1;
        const length = Buffer.byteLength(text);
        response.writeHead(200, [
          'content-type',
          'application/json',
          'content-length',
          length,
          'x-request-id',
          requestId,
          ...SECURITY,
          ...keyHeaders(request),
        ]);
        // ASCII needs no encoding, and nearly every answer is ASCII.
        response.end(text, length === text.length ? 'latin1' : 'utf8');
      },
      (thrown: unknown) => {
        bodies.release(request);
        const error = toLarderError(thrown);
        traced?.span.end({ status: error.status, attributes: { 'error.type': error.code } });
        if (response.destroyed) {
          left(route);
          failures.write(error, requestId);
          return;
        }
        metrics.request(route.pattern, 'POST', error.status).value += 1;
        sendProblem(response, error, { requestId, failures });
      },
    );
    return true;
  };

  function left(route: PredictRoute): void {
    metrics.request(route.pattern, 'POST', CALLER_LEFT).value += 1;
  }

  async function answer(request: IncomingMessage, asked: Asked): Promise<string> {
    const { route, model, requestId } = asked;
    const body = await readBody(request, bodyLimits);
    const startedAtMs = performance.now();
    if (asked.query !== '') throw queryRefused();
    const inService = findModel(model);
    const { rows, shared, options } = route.parse(parseJson(body));
    const { deadlineMs, features, mode } = options;
    const cost = REQUEST_COST + rows.length;
    if (running + cost > MAX_RUNNING)
      throw overloaded('The process has too many predictions in progress; retry.');
    // Nothing may wait from here to `predict`, which keeps the version loaded.
    const { served, alias } = inService.route(options.version);
    running += cost;
    let predictions: Predictions;
    try {
      predictions = await served.predict({
        rows,
        shared,
        rowsPointer: route.rowsPointer,
        deadlineMs,
        startedAtMs,
        features,
        mode,
        sizeBytes: body.length,
        callerGone: () => request.socket.destroyed,
        alias,
      });
    } finally {
      running -= cost;
    }
    let report = route.reports.get(served);
    if (report === undefined) {
      report = metrics.predict({ model, version: served.version, route: route.pattern });
      route.reports.set(served, report);
    }
    const { traced } = asked;
    if (traced !== null)
      traced.stages = predictionStages(predictions.timings, startedAtMs - traced.startedAtMs);
    report.observe(predictions.timings, rows.length);
    if ((mode ?? served.predictor.plan.model.mode ?? 'live') !== 'live')
      report.observeOrigins(predictions.rows);
    if (route.rowsPointer !== undefined) logRowFailure(predictions, requestId);
    const text = route.write(predictions, { model, version: served.version, requestId, features });
    answers.hold(asked.response, text.length);
    return text;
  }

  /** Logs one line per batch, however many of its rows fail. */
  function logRowFailure({ rows }: Predictions, requestId: string): void {
    for (const row of rows) {
      if (!isLarderError(row) || row.status < 500) continue;
      failures.write(row, requestId);
      return;
    }
  }
}

interface Asked {
  readonly route: PredictRoute;
  readonly model: string;
  readonly query: string;
  readonly requestId: string;
  readonly response: ServerResponse;
  /** Null: no SDK is registered. */
  readonly traced: TracedRequest | null;
}

interface TracedRequest {
  readonly span: RequestSpan;
  readonly startedAtMs: number;
  stages: readonly Stage[];
}

function trace(
  spans: NonNullable<ReturnType<typeof tracer>>,
  { headers }: IncomingMessage,
  { pattern, model }: { readonly pattern: string; readonly model: string },
): TracedRequest {
  const startedAtMs = performance.now();
  const attributes = { 'http.request.method': 'POST', 'http.route': pattern, 'larder.model': model };
  const span = requestSpan(spans, { name: `POST ${pattern}`, headers, startedAtMs, attributes });
  return { span, startedAtMs, stages: [] };
}

function queryRefused(): LarderError {
  return new LarderError('REQUEST_INVALID', 'The route takes no query; send options in the body.', {
    errors: [{ pointer: '/query', detail: 'must be empty' }],
  });
}
