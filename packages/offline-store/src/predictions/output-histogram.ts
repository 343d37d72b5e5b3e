import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { matches, type PredictionFilter } from './find-predictions.ts';

/** How often the model's first output fell into each of some ranges of equal width. */
export interface OutputHistogram {
  /** One more than counts; the last range includes its end. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Predictions that match, also those without a finite output. */
  readonly predictions: number;
}

/** Counts the predictions of a filter by their first output, between its bounds or else between the outputs' own. */
export async function outputHistogram(
  store: Pick<OfflineStore, 'db'>,
  filter: PredictionFilter,
  bins: number,
): Promise<OutputHistogram> {
  const { rows: ranges } = await sql<{ low: number | null; high: number | null; predictions: number }>`
    select count(*) as predictions, min(output) filter (where ${FINITE}) as low, max(output) filter (where ${FINITE}) as high
    from larder.predictions where ${matches(filter)}`.execute(store.db);
  const { predictions = 0, low: least = null, high: most = null } = ranges[0] ?? {};
  if (least === null || most === null) return { edges: [], counts: [], predictions };
  const low = filter.minOutput ?? least;
  const high = filter.maxOutput ?? most;
  // One value: a range of no width would have no bins.
  const width = high > low ? high / bins - low / bins : 1 / bins;
  const edges = Array.from({ length: bins + 1 }, (_, at) =>
    at === bins && high > low ? high : low + at * width,
  );
  const { rows } = await sql<{ bin: number; count: number }>`
    select least(width_bucket(output, ${edges}::float8[]), ${bins}::integer) - 1 as bin, count(*) as count
    from larder.predictions where ${matches(filter)} and ${FINITE} and output between ${low}::float8 and ${edges[bins]}::float8
    group by 1`.execute(store.db);
  const counts = Array.from({ length: bins }, () => 0);
  for (const { bin, count } of rows) counts[bin] = count;
  return { edges, counts, predictions };
}

/** NaN is greater than every number in PostgreSQL. */
const FINITE = sql<boolean>`output > '-Infinity' and output < 'Infinity'`;
