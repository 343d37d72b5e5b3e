/** Sets of labels of one metric; a scrape stays small whatever is defined. */
export const MAX_SERIES = 5_000;

export type Labels = Readonly<Record<string, string>>;

/** What is kept for each set of labels of a metric. */
export interface SeriesMap<T> {
  /** Beyond the limit, new sets share one in which every label is `other`. */
  of(labels: Labels): T;
  entries(): Iterable<{ readonly labels: Labels; readonly kept: T }>;
  isCutOff(): boolean;
}

export function createSeriesMap<T>(
  names: readonly string[],
  create: () => T,
  limit: number = MAX_SERIES,
): SeriesMap<T> {
  const known = new Map<string, { readonly labels: Labels; readonly kept: T }>();
  let other: T | null = null;
  const add = (key: string, labels: Labels): T => {
    const kept = create();
    known.set(key, { labels, kept });
    return kept;
  };
  return {
    of(labels) {
      const key = names.map((name) => labels[name] ?? '').join('\n');
      const entry = known.get(key);
      if (entry !== undefined) return entry.kept;
      if (known.size < limit) return add(key, labels);
      other ??= add('other', Object.fromEntries(names.map((name) => [name, 'other'])));
      return other;
    },
    entries: () => known.values(),
    isCutOff: () => other !== null,
  };
}
