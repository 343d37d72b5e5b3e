import { LarderError } from '@larder/core';
import type { Duckdb } from '@larder/archive';
import { canonicalText } from '../hash/canonical-text.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import { spineName, type PlannedColumn } from '../spine/spine-column.ts';
import { PARTS, type TrainingSetManifest } from '../training-set-manifest.ts';
import type { SplitRequest, SplitShares } from '../training-set-request.ts';

export type Part = 'all' | (typeof PARTS)[number];

export interface PlannedSplit {
  readonly parts: readonly {
    readonly part: Part;
    /** SQL over the view `spine`: the row is of this part. */
    readonly rows: string;
  }[];
  readonly statement: TrainingSetManifest['split'];
}

/** Digits of a hash of 52 bits, which a double holds exactly. */
const HASH_DIGITS = 13;
const SHARE_TOLERANCE = 1e-6;

/** @throws SPINE_INVALID where a part would be empty, REQUEST_INVALID */
export async function planSplit(
  duckdb: Pick<Duckdb, 'all'>,
  spine: LoadedSpine,
  request: SplitRequest | null,
): Promise<PlannedSplit> {
  if (request === null) return { parts: [{ part: 'all', rows: 'true' }], statement: null };
  checkShares(request.shares);
  const parts = request.shares.length === 2 ? (['train', 'test'] as const) : PARTS;
  const planned =
    request.by === 'time' ? await byTime(duckdb, spine, request.shares) : byGroup(spine, request);
  const split = {
    parts: parts.map((part, i) => ({ part, rows: planned.conditions[i] as string })),
    statement: planned.statement,
  };
  const counts = split.parts.map(({ rows }, i) => `count(*) filter (where ${rows}) as part_${i}`);
  const [counted] = await duckdb.all<Record<string, bigint>>(`select ${counts.join(', ')} from spine`);
  const empty = split.parts.find((_, i) => Number(counted?.[`part_${i}`]) === 0);
  if (empty !== undefined)
    throw new LarderError(
      'SPINE_INVALID',
      request.by === 'time'
        ? `The split by time leaves no rows for ${empty.part}: rows of one instant stay together, and the spine has too few instants.`
        : `The split by ${request.column} leaves no rows for ${empty.part}: rows with one value stay together, and there are too few values.`,
    );
  return split;
}

export function checkShares(shares: SplitShares): void {
  const sum = shares.reduce((total, share) => total + share, 0);
  if (shares.every((share) => share > 0 && share < 1) && Math.abs(sum - 1) < SHARE_TOLERANCE) return;
  throw new LarderError(
    'REQUEST_INVALID',
    `The shares of a split must be above 0 and add up to 1; ${shares.join(', ')} add up to ${Number(sum.toFixed(6))}.`,
  );
}

interface Conditions {
  readonly conditions: readonly string[];
  readonly statement: NonNullable<TrainingSetManifest['split']>;
}

/** A boundary is the instant of the first row after the share: all its rows are of the later part. */
async function byTime(
  duckdb: Pick<Duckdb, 'all'>,
  { rows }: LoadedSpine,
  shares: SplitShares,
): Promise<Conditions> {
  const boundaries: bigint[] = [];
  let share = 0;
  for (const part of shares.slice(0, -1)) {
    share += part;
    const after = boundaries.at(-1) ?? null;
    const offset = Math.min(rows - 1, Math.round(share * rows));
    const [found] = await duckdb.all<{ us: bigint | null }>(
      `select greatest(
          (select epoch_us("at") from spine order by "at" limit 1 offset ${offset}),
          (select min(epoch_us("at")) from spine where epoch_us("at") > ${after ?? `(select min(epoch_us("at")) from spine)`})
        ) as us`,
    );
    if (found?.us === null || found?.us === undefined) break;
    boundaries.push(found.us);
  }
  const conditions = shares.map((_, i) => {
    const from = i === 0 ? null : boundaries[i - 1];
    const to = i === shares.length - 1 ? null : boundaries[i];
    if (from === undefined || to === undefined) return i === 0 ? 'true' : 'false';
    return [
      ...(from === null ? [] : [`epoch_us("at") >= ${from}`]),
      ...(to === null ? [] : [`epoch_us("at") < ${to}`]),
    ].join(' and ');
  });
  return {
    conditions,
    statement: { by: 'time', shares: [...shares], boundaries: boundaries.map(isoOfMicroseconds) },
  };
}

function byGroup(
  { columns }: LoadedSpine,
  { column, seed = 0, shares }: Extract<SplitRequest, { by: 'group' }>,
): Conditions {
  const place = columns.findIndex(({ name }) => name === column);
  if (place < 0)
    throw new LarderError(
      'REQUEST_INVALID',
      `The spine has no column '${column}' to split by; it has ${columns.map(({ name }) => name).join(', ')}.`,
    );
  const { type } = columns[place] as PlannedColumn;
  const text = `coalesce(${canonicalText(type, spineName(place))}, '')`;
  const at = `(('0x' || sha256('${seed}:' || ${text})[1:${HASH_DIGITS}])::UBIGINT::DOUBLE / ${2 ** 52})`;
  let from = 0;
  const conditions = shares.map((share, i) => {
    const to = i === shares.length - 1 ? 1 : from + share;
    const condition = `${at} >= ${from} and ${at} < ${to}`;
    from = to;
    return condition;
  });
  return { conditions, statement: { by: 'group', shares: [...shares], column, seed } };
}

/** ISO 8601 in UTC with microseconds. */
export function isoOfMicroseconds(microseconds: bigint): string {
  const ms = microseconds / 1_000n - (microseconds % 1_000n < 0n ? 1n : 0n);
  const rest = String(microseconds - ms * 1_000n).padStart(3, '0');
  return new Date(Number(ms)).toISOString().replace('Z', `${rest}Z`);
}
