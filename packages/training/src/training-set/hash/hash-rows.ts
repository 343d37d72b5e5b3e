import { createHash } from 'node:crypto';
import type { Duckdb } from '@larder/archive';
import { canonicalText } from './canonical-text.ts';

export interface HashedColumn {
  readonly name: string;
  /** As the manifest names it. */
  readonly portableType: string;
  /** DuckDB's type of `value`. */
  readonly type: string;
  /** SQL over the relation. */
  readonly value: string;
}

const LANES = [1, 17, 33, 49];
const TWO_TO_64 = 2n ** 64n;

/**
 * SHA-256 of the rows of a relation whatever their order: rows are hashed alone, and their hashes added up, so that a
 * repeated row counts as often as it is there.
 */
export async function hashRows(
  duckdb: Pick<Duckdb, 'all'>,
  relation: string,
  columns: readonly HashedColumn[],
): Promise<string> {
  const pieces = columns.map(({ type, value }) => {
    const text = canonicalText(type, value);
    return `coalesce(strlen(${text})::VARCHAR || ':' || ${text}, '~')`;
  });
  const lanes = LANES.map(
    (start, i) =>
      `coalesce(sum(('0x' || h[${start}:${start + 15}])::UBIGINT::HUGEINT), 0)::VARCHAR as lane_${i}`,
  );
  const [sums] = await duckdb.all<Record<string, unknown>>(
    `select count(*)::VARCHAR as rows, ${lanes.join(', ')} from (select sha256(concat(${pieces.join(', ')})) as h from ${relation})`,
    { what: 'Hashing the rows' },
  );
  const hash = createHash('sha256');
  hash.update('larder training set rows 1\n');
  for (const { name, portableType } of columns) hash.update(`${JSON.stringify(name)} ${portableType}\n`);
  hash.update(`${String(sums?.['rows'])}\n`);
  for (const i of LANES.keys()) {
    const lane = BigInt(String(sums?.[`lane_${i}`])) % TWO_TO_64;
    hash.update(lane.toString(16).padStart(16, '0'));
  }
  return hash.digest('hex');
}
