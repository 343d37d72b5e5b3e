import type { METRICS, MetricName, PROCESS_METRICS } from '@larder/core/metrics';

type Histograms = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends 'histogram' ? N : never;
}[MetricName];

/** Series that a query may name. */
type SeriesName =
  | Exclude<MetricName, Histograms>
  | `${Histograms}_${'bucket' | 'sum' | 'count'}`
  | (typeof PROCESS_METRICS)[number];

/** The name of a metric in a query: one that no process exports does not compile. */
export function metric<N extends SeriesName>(name: N): N {
  return name;
}
