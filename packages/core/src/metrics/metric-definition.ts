/** Processes that answer `/metrics`. */
export type MetricProcess = 'inference' | 'worker';

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What one unit of the value is, for the reference: `seconds`, `rows`. */
  readonly unit: string;
  readonly by: readonly MetricProcess[];
  /** One sentence, for the scrape and the reference. */
  readonly help: string;
  /** The values of each label, as Markdown. */
  readonly labels: Readonly<Record<string, string>>;
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly buckets?: readonly number[];
  /** Absent from a scrape unless this is so. */
  readonly onlyWhen?: string;
}
