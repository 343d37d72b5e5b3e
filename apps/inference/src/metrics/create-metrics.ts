import { isLarderError } from '@larder/core';
import { createMeters, type Count, type Meters } from '@larder/core/metrics';
import type { Predictions, Timings } from '@larder/serving';
import { collectFrom, type MetricSources } from './collect-from.ts';

/** Metrics of one version of one model; looked up once per version. */
export interface PredictMetrics {
  observe(timings: Timings, rows: number): void;
  /** Of a request that asked for precomputed predictions. */
  observeOrigins(rows: Predictions['rows']): void;
}

export interface Metrics extends Pick<Meters<'inference'>, 'render' | 'contentType'> {
  request(route: string, method: string, status: number): Count;
  predict(model: string, version: number): PredictMetrics;
}

/** Every metric of the process. */
export function createMetrics(sources: MetricSources): Metrics {
  const meters = createMeters('inference');
  const requests = meters.counter('larder_http_requests_total');
  const latency = meters.histogram('larder_predict_seconds');
  const rows = meters.counter('larder_predict_rows_total');
  const asked = meters.counter('larder_precomputed_rows_total');
  collectFrom(meters, sources);
  return {
    contentType: meters.contentType,
    render: meters.render,
    request: (route, method, status) => requests({ route, method, status: String(status) }),
    predict(model, version) {
      const stages = {
        features: latency({ model, stage: 'features' }),
        onDemand: latency({ model, stage: 'on_demand' }),
        model: latency({ model, stage: 'model' }),
        total: latency({ model, stage: 'total' }),
      };
      const count = rows({ model, version: String(version) });
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
