import { Counter, type Registry } from 'prom-client';

/** The count of one set of labels, incremented without a lookup. */
export interface Count {
  value: number;
}

export interface FastCounter {
  /** Returns the count of these labels; get it once and keep it. */
  of(labels: Readonly<Record<string, string>>): Count;
}

/** A Prometheus counter that increments with one addition; prom-client hashes the labels on every `inc`. */
export function createFastCounter(
  registry: Registry,
  options: { readonly name: string; readonly help: string; readonly labels: readonly string[] },
): FastCounter {
  const counts = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; readonly count: Count }
  >();
  registry.registerMetric(
    new Counter({
      name: options.name,
      help: options.help,
      labelNames: [...options.labels],
      registers: [],
      collect() {
        this.reset();
        for (const { labels, count } of counts.values()) this.inc(labels, count.value);
      },
    }),
  );
  return {
    of(labels) {
      const key = options.labels.map((label) => labels[label] ?? '').join('\n');
      let known = counts.get(key);
      if (known === undefined) counts.set(key, (known = { labels, count: { value: 0 } }));
      return known.count;
    },
  };
}
