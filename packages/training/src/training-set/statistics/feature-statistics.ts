import { quotedName, type Duckdb } from '@larder/archive';
import type { FeatureColumn } from '../features/resolve-features.ts';
import type { FeatureStatistics } from '../training-set-statistics.ts';

const PROBABILITIES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
/** Bins of the histogram have equal counts, as far as repeated values allow. */
const BINS = 20;
const INNER_EDGES = Array.from({ length: BINS - 1 }, (_, i) => (i + 1) / BINS);
const TOP_VALUES = 20;

/** Statistics of one feature over a relation, in memory that does not grow with its rows. */
export async function featureStatistics(
  duckdb: Pick<Duckdb, 'all'>,
  relation: string,
  { name: column, field: { type } }: Pick<FeatureColumn, 'name' | 'field'>,
): Promise<FeatureStatistics> {
  const name = quotedName(column);
  const number = numberOf(type, name);
  const [counted] = await duckdb.all<{ count: bigint; nulls: bigint; finite: bigint } & Moments>(
    `select count(${name}) as count, count(*) - count(${name}) as nulls ${number === null ? '' : `, ${MOMENTS}`}
      from (select ${name}, ${number ?? 'null'} as x from ${relation})`,
  );
  const count = Number(counted?.count);
  return {
    name: column,
    type,
    count,
    nulls: Number(counted?.nulls),
    ...(number !== null && {
      not_finite: count - Number(counted?.finite),
      ...(await distribution(duckdb, finiteNumbers(relation, number), {
        count: Number(counted?.finite),
        moments: counted as Moments,
      })),
    }),
    ...(HAS_TOP.has(type) && (await topValues(duckdb, relation, name))),
  };
}

interface Moments {
  readonly mean: number | null;
  readonly sd: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

/** Squares of larger numbers do not fit in float64: DuckDB refuses them. */
const MAX_SQUARED = 1e150;

/** NaN and infinities would make all of them NaN. */
const MOMENTS = `
  count(x) filter (isfinite(x)) as finite,
  min(x) filter (isfinite(x)) as least,
  max(x) filter (isfinite(x)) as most,
  avg(x) filter (abs(x) < ${MAX_SQUARED}) as mean,
  stddev_samp(x) filter (abs(x) < ${MAX_SQUARED}) as sd`;

function finiteNumbers(relation: string, number: string): string {
  return `(select x from (select ${number} as x from ${relation}) where x is not null and isfinite(x))`;
}

const HAS_TOP: ReadonlySet<string> = new Set(['bool', 'int64', 'string']);

/** SQL of the number that stands for a value; of a vector its norm, of a timestamp its milliseconds. */
function numberOf(type: string, name: string): string | null {
  switch (type) {
    case 'float32':
    case 'float64':
    case 'int64':
      return `${name}::DOUBLE`;
    case 'bool':
      return `${name}::INTEGER::DOUBLE`;
    case 'timestamp':
      return `epoch_ms(${name})::DOUBLE`;
    case 'vector':
      return `sqrt(list_sum(list_transform(${name}, lambda e: e::DOUBLE * e)))`;
    default:
      return null;
  }
}

async function distribution(
  duckdb: Pick<Duckdb, 'all'>,
  numbers: string,
  { count, moments: { mean, sd, least, most } }: { readonly count: number; readonly moments: Moments },
): Promise<Partial<FeatureStatistics>> {
  if (count === 0 || least === null || most === null) return {};
  const at = await quantiles(duckdb, numbers, count);
  const edges = rising([least, ...INNER_EDGES.map(at), most]);
  return {
    ...(Math.max(-least, most) < MAX_SQUARED && { mean: mean ?? 0, ...(sd !== null && { sd }) }),
    min: least,
    max: most,
    quantiles: Object.fromEntries(PROBABILITIES.map((p) => [String(p), at(p)])),
    histogram: { edges, counts: await histogram(duckdb, numbers, edges) },
  };
}

/**
 * Interpolated as NumPy's and PostgreSQL's `percentile_cont` are. The values come from a sort, which goes to disk when it
 * is large; DuckDB's own aggregate holds all of them in memory.
 */
async function quantiles(
  duckdb: Pick<Duckdb, 'all'>,
  numbers: string,
  count: number,
): Promise<(p: number) => number> {
  const places = [...PROBABILITIES, ...INNER_EDGES].map((p) => p * (count - 1));
  const read = [...new Set(places.flatMap((place) => [Math.floor(place), Math.ceil(place)]))];
  const rows = await duckdb.all<{ place: bigint; x: number }>(
    `select place, x from (select x, row_number() over (order by x) - 1 as place from ${numbers})
      where place in (${read.join(', ')})`,
  );
  const values = new Map(rows.map(({ place, x }) => [Number(place), x]));
  return (p) => {
    const place = p * (count - 1);
    const below = values.get(Math.floor(place)) ?? NaN;
    const above = values.get(Math.ceil(place)) ?? NaN;
    // Not above - below, which overflows between the ends of float64.
    const share = place - Math.floor(place);
    return share === 0 ? below : Math.min(above, Math.max(below, below * (1 - share) + above * share));
  };
}

/** Rows between neighbouring edges; a row on an edge belongs to the bin that starts there, the greatest value to the last. */
async function histogram(
  duckdb: Pick<Duckdb, 'all'>,
  numbers: string,
  edges: readonly number[],
): Promise<number[]> {
  // DuckDB's bins include their upper bound, ours the lower: those of the negated values, from the last to the first.
  const bounds = edges
    .slice(0, Math.max(1, edges.length - 1))
    .map((edge) => `'${-edge}'::DOUBLE`)
    .toReversed();
  const [row] = await duckdb.all<{ counts: bigint[] }>(
    `select map_values(histogram(-x, [${bounds.join(', ')}])) as counts from ${numbers}`,
  );
  return (row?.counts ?? []).slice(0, bounds.length).map(Number).toReversed();
}

/** Of numbers that rise but for the rounding of their interpolation, those that are greater than all before. */
function rising(edges: readonly number[]): number[] {
  let greatest = -Infinity;
  return edges.filter((edge) => {
    if (edge <= greatest) return false;
    greatest = edge;
    return true;
  });
}

async function topValues(
  duckdb: Pick<Duckdb, 'all'>,
  relation: string,
  name: string,
): Promise<Partial<FeatureStatistics>> {
  const top = await duckdb.all<{ value: string; count: bigint; distinct: bigint }>(
    `with counted as materialized (select ${name} as value, count(*) as count from ${relation} where ${name} is not null group by 1)
      select value::VARCHAR as value, count, (select count(*) from counted) as distinct from counted
      order by count desc, 1 limit ${TOP_VALUES}`,
  );
  return {
    top: top.map(({ value, count }) => ({ value, count: Number(count) })),
    distinct: Number(top[0]?.distinct ?? 0),
  };
}
