import { isLarderError } from '@larder/core';
import type { Count, Meters, Observations } from '@larder/core/metrics';
import type { Predictions, Timings } from '@larder/serving';
import { collectFrom, type MetricSources } from './collect-from.ts';

/** Metrics of one route of one version of a model; looked up once. */
export interface PredictMetrics {
  observe(timings: Timings, rows: number): void;
  /** Of a request that asked for precomputed predictions. */
  observeOrigins(rows: Predictions['rows']): void;
}

export interface Metrics extends Pick<Meters<'inference'>, 'render' | 'contentType'> {
  request(route: string, method: string, status: number): Count;
  /** Of a route other than predict. */
  requestTime(route: string, method: string): Observations;
  predict(of: { readonly model: string; readonly version: number; readonly route: string }): PredictMetrics;
}

/** Every metric of the process. */
export function createMetrics(meters: Meters<'inference'>, sources: MetricSources): Metrics {
  const requests = meters.counter('larder_http_requests_total');
  const times = meters.histogram('larder_http_request_seconds');
  const latency = meters.histogram('larder_predict_seconds');
  const rows = meters.counter('larder_predict_rows_total');
  const asked = meters.counter('larder_precomputed_rows_total');
  collectFrom(meters, sources);
  return {
    contentType: meters.contentType,
    render: meters.render,
    request: (route, method, status) => requests({ route, method, status: String(status) }),
    requestTime: (route, method) => times({ route, method }),
    predict({ model, version, route }) {
      const stages = {
        features: latency({ model, route, stage: 'features' }),
        onDemand: latency({ model, route, stage: 'on_demand' }),
        queue: latency({ model, route, stage: 'queue' }),
        model: latency({ model, route, stage: 'model' }),
        total: latency({ model, route, stage: 'total' }),
      };
      const count = rows({ model, version: String(version) });
      return {
        observe(timings, rowCount) {
          stages.features.observe(timings.features / 1_000);
          stages.onDemand.observe(timings.onDemand / 1_000);
          stages.queue.observe(timings.queue / 1_000);
          stages.model.observe(timings.model / 1_000);
          stages.total.observe(timings.total / 1_000);
          count.value += rowCount;
        },
        observeOrigins(predicted) {
          for (const row of predicted) {
            const [answer, reason] = originOf(row);
            if (answer !== null) asked({ model, version: String(version), answer, reason }).value += 1;
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
