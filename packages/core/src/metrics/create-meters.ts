import { collectDefaultMetrics, Registry, type Metric } from 'prom-client';
import { Histogram, type Observations } from './histogram.ts';
import type { MetricProcess } from './metric-definition.ts';
import { METRICS, type MetricLabels, type MetricName, type MetricNameOf } from './metrics.ts';
import { createSeriesMap, MAX_SERIES, type Labels } from './series-map.ts';

/** The count of one set of labels, incremented without a lookup. */
export interface Count {
  value: number;
}

/** Reports the value of one set of labels in this scrape. */
export type Report<N extends MetricName> = (labels: MetricLabels<N>, value: number) => void;

/** The metrics that a process exports. A name that is not in the table, or is another process's, does not compile. */
export interface Meters<P extends MetricProcess> {
  /** Get the count of a set of labels once and keep it: incrementing it is one addition. */
  counter<N extends MetricNameOf<P, 'counter'>>(name: N): (labels: MetricLabels<N>) => Count;
  /** Get the observations of a set of labels once and keep them. */
  histogram<N extends MetricNameOf<P, 'histogram'>>(name: N): (labels: MetricLabels<N>) => Observations;
  /** For what other parts already count: read only when `/metrics` is requested. If it fails, the scrape goes on without it. */
  collect<N extends MetricNameOf<P, 'counter' | 'gauge'>>(
    name: N,
    read: (report: Report<N>) => void | Promise<void>,
  ): void;
  readonly contentType: string;
  /** Prometheus text, with the process metrics of prom-client. */
  render(): Promise<string>;
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

export function createMeters<P extends MetricProcess>(_process: P): Meters<P> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const register = (name: MetricName, samples: () => Promise<Sample[]>): void => {
    const { help, type } = METRICS[name];
    const metric = { name, help, type, get: async () => ({ ...metric, values: await samples() }) };
    // The registry uses only these; its type also requires members that only prom-client's classes have.
    registry.registerMetric(metric as unknown as Metric);
  };

  const counter = (name: MetricName): ((labels: Labels) => Count) => {
    const series = createSeriesMap<Count>(Object.keys(METRICS[name].labels), () => ({ value: 0 }));
    register(name, async () => {
      if (series.isCutOff()) incomplete({ metric: name, reason: 'series' }).value += 1;
      return Array.from(series.entries(), ({ labels, kept }) => ({ labels, value: kept.value }));
    });
    return series.of;
  };
  const incomplete = counter('larder_metrics_incomplete_total');

  return {
    counter,
    histogram(name) {
      const { buckets, labels: names } = METRICS[name];
      const series = createSeriesMap(Object.keys(names), () => new Histogram(buckets));
      register(name, async () => {
        if (series.isCutOff()) incomplete({ metric: name, reason: 'series' }).value += 1;
        return [...series.entries()].flatMap(({ labels, kept }) =>
          Array.from(kept.values(), ({ suffix, le, value }) => ({
            metricName: `${name}${suffix}`,
            labels: le === undefined ? labels : { ...labels, le },
            value,
          })),
        );
      });
      return series.of;
    },
    collect(name, read) {
      register(name, async () => {
        const samples: Sample[] = [];
        let reported = 0;
        try {
          await read((labels, value) => {
            reported += 1;
            if (reported <= MAX_SERIES) samples.push({ labels, value });
          });
        } catch {
          incomplete({ metric: name, reason: 'failed' }).value += 1;
          return [];
        }
        if (reported > MAX_SERIES) incomplete({ metric: name, reason: 'series' }).value += 1;
        return samples;
      });
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
