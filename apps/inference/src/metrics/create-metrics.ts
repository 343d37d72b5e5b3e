import { isLarderError } from '@larder/core';
import type { Predictions, Timings } from '@larder/serving';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { collectFrom, type MetricSources } from './collect-from.ts';
import { createFastCounter, type Count } from './fast-counter.ts';
import { createFastHistogram, type Observations } from './fast-histogram.ts';

const LATENCY_BUCKETS_SECONDS = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];

/** Metrics of one version of one model; looked up once per version. */
export interface PredictMetrics {
  observe(timings: Timings, rows: number): void;
  /** Of a request that asked for precomputed predictions. */
  observeOrigins(rows: Predictions['rows']): void;
}

export interface Metrics {
  readonly registry: Registry;
  request(route: string, method: string, status: number): Count;
  predict(model: string, version: number): PredictMetrics;
}

/** Every metric of the process; event-loop lag, memory and garbage collection are prom-client's own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = createFastCounter(registry, {
    name: 'larder_http_requests_total',
    help: 'HTTP requests answered, by route pattern, method and status.',
    labels: ['route', 'method', 'status'],
  });
  const latency = createFastHistogram(registry, {
    name: 'larder_predict_seconds',
    help: 'Time of a predict or predict-batch request by stage: features (read and decode), on_demand, model, total.',
    labels: ['model', 'stage'],
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  const rows = createFastCounter(registry, {
    name: 'larder_predict_rows_total',
    help: 'Rows in predict and predict-batch requests that were answered, by the version that answered.',
    labels: ['model', 'version'],
  });
  const asked = createFastCounter(registry, {
    name: 'larder_precomputed_rows_total',
    help: 'Rows that asked for precomputed predictions, by what answered (precomputed, live, refused) and why no prediction was used.',
    labels: ['model', 'version', 'answer', 'reason'],
  });
  collectFrom(registry, sources);
  return {
    registry,
    request: (route, method, status) => requests.of({ route, method, status: String(status) }),
    predict(model, version) {
      const stage = (name: string): Observations => latency.of({ model, stage: name });
      const stages = {
        features: stage('features'),
        onDemand: stage('on_demand'),
        model: stage('model'),
        total: stage('total'),
      };
      const count = rows.of({ model, version: String(version) });
      return {
        observe(timings, rowCount) {
          stages.features.observe(timings.features / 1_000);
          stages.onDemand.observe(timings.onDemand / 1_000);
          stages.model.observe(timings.model / 1_000);
          stages.total.observe(timings.total / 1_000);
          count.value += rowCount;
        },
        observeOrigins(predicted) {
          for (const row of predicted) {
            const [answer, reason] = originOf(row);
            if (answer !== null) asked.of({ model, version: String(version), answer, reason }).value += 1;
          }
        },
      };
    },
  };
}

/** Reasons without the view that they are about. */
function originOf(row: Predictions['rows'][number]): readonly [answer: string | null, reason: string] {
  if (isLarderError(row)) return [row.code === 'PREDICTION_NOT_PRECOMPUTED' ? 'refused' : null, ''];
  const { origin } = row;
  if (origin === undefined) return [null, ''];
  return origin.source === 'live'
    ? ['live', origin.reason.slice(origin.reason.indexOf(':') + 1)]
    : ['precomputed', ''];
}
