import { quotedName, type Duckdb } from '@larder/archive';
import type { FeatureColumn } from '../features/resolve-features.ts';
import type { FeatureStatistics } from '../training-set-statistics.ts';

const PROBABILITIES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
/** Bins of the histogram have equal counts, as far as repeated values allow. */
const BINS = 20;
const TOP_VALUES = 20;
/** Above it quantiles are estimated (t-digest), because exact ones hold every value in memory. */
const EXACT_ROWS = 5_000_000;

/** Statistics of one feature over a relation. */
export async function featureStatistics(
  duckdb: Pick<Duckdb, 'all'>,
  relation: string,
  { column, rows }: { readonly column: FeatureColumn; readonly rows: number },
): Promise<FeatureStatistics> {
  const name = quotedName(column.name);
  const { type } = column.field;
  const [counted] = await duckdb.all<{ count: bigint; nulls: bigint }>(
    `select count(${name}) as count, count(*) - count(${name}) as nulls from ${relation}`,
  );
  const base = {
    name: column.name,
    type,
    count: Number(counted?.count),
    nulls: Number(counted?.nulls),
  };
  const number = numberOf(type, name);
  return {
    ...base,
    ...(number !== null && (await numberStatistics(duckdb, { relation, number, rows }))),
    ...(HAS_TOP.has(type) && (await topValues(duckdb, relation, name))),
  };
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

async function numberStatistics(
  duckdb: Pick<Duckdb, 'all'>,
  { relation, number, rows }: { readonly relation: string; readonly number: string; readonly rows: number },
): Promise<Partial<FeatureStatistics>> {
  const finite = `(select ${number} as x from ${relation} where ${number} is not null and isfinite(${number}))`;
  const approximate = rows > EXACT_ROWS;
  const quantiles = approximate ? 'approx_quantile' : 'quantile_cont';
  const edgesAt = Array.from({ length: BINS + 1 }, (_, i) => i / BINS);
  const [row] = await duckdb.all<{
    mean: number | null;
    sd: number | null;
    least: number | null;
    most: number | null;
    quantiles: number[] | null;
    edges: number[] | null;
    count: bigint;
  }>(`select count(*) as count, avg(x) as mean, stddev_samp(x) as sd, min(x) as least, max(x) as most,
      ${quantiles}(x, [${PROBABILITIES.join(', ')}]) as quantiles, ${quantiles}(x, [${edgesAt.join(', ')}]) as edges
      from ${finite}`);
  const [other] = await duckdb.all<{ count: bigint }>(
    `select count(*) as count from ${relation} where ${number} is not null and not isfinite(${number})`,
  );
  const notFinite = { not_finite: Number(other?.count) };
  if (row === undefined || row.least === null || row.most === null) return notFinite;
  const edges = distinct([row.least, ...(row.edges ?? []).slice(1, -1), row.most]);
  return {
    ...notFinite,
    mean: row.mean ?? 0,
    ...(row.sd !== null && { sd: row.sd }),
    min: row.least,
    max: row.most,
    quantiles: Object.fromEntries(PROBABILITIES.map((p, i) => [String(p), row.quantiles?.[i] ?? 0])),
    ...(approximate && { approximate }),
    histogram: { edges, counts: await histogram(duckdb, finite, edges) },
  };
}

/** Rows between neighbouring edges; a row on an edge belongs to the bin that starts there, the greatest value to the last. */
async function histogram(
  duckdb: Pick<Duckdb, 'all'>,
  finite: string,
  edges: readonly number[],
): Promise<number[]> {
  const inner = edges.slice(1, -1);
  const bin = inner.length === 0 ? '0' : inner.map((edge) => `(x >= '${edge}'::DOUBLE)::INTEGER`).join(' + ');
  const rows = await duckdb.all<{ bin: number; count: bigint }>(
    `select ${bin} as bin, count(*) as count from ${finite} group by 1`,
  );
  const counts = new Array<number>(Math.max(1, edges.length - 1)).fill(0);
  for (const { bin: place, count } of rows) counts[place] = Number(count);
  return counts;
}

function distinct(sorted: readonly number[]): number[] {
  return sorted.filter((edge, i) => i === 0 || edge > (sorted[i - 1] as number));
}

async function topValues(
  duckdb: Pick<Duckdb, 'all'>,
  relation: string,
  name: string,
): Promise<Partial<FeatureStatistics>> {
  const top = await duckdb.all<{ value: string; count: bigint }>(
    `select ${name}::VARCHAR as value, count(*) as count from ${relation} where ${name} is not null
      group by 1 order by 2 desc, 1 limit ${TOP_VALUES}`,
  );
  const [counted] = await duckdb.all<{ distinct: bigint }>(
    `select count(distinct ${name}) as distinct from ${relation}`,
  );
  return {
    top: top.map(({ value, count }) => ({ value, count: Number(count) })),
    distinct: Number(counted?.distinct),
  };
}
