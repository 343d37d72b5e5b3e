import { compareRowOrder, isNewer } from '@larder/core';
import type { FeatureViewManifest, FieldValue } from '@larder/features';
import type { HistoryRow } from './history-table.ts';

type MergedView = Pick<FeatureViewManifest, 'schema' | 'ttl_ms'>;

type Kept = Readonly<Record<string, number | null>>;

/**
 * Puts a row, whose `values` has the features that it gives (null included) and no others, into a key's history: the row
 * itself, complete, and a correction of the newest row where that kept older values of what the row gives. So each feature
 * of the newest row has the value of the newest row that gave it, in whatever order rows arrive; a value that is older than
 * the TTL is not kept, nor one from before the key was gone.
 * @param known the key's newest row, and the newest that is not newer than `given`; others may be there
 */
export function mergeRow(
  view: MergedView,
  given: HistoryRow,
  known: readonly HistoryRow[],
): { readonly row: HistoryRow; readonly correction: HistoryRow | null } {
  const before = newest(known.filter((other) => !isNewer(other, given)));
  const row = completed(view, given, before);
  const latest = newest(known);
  const isLate = latest !== null && isNewer(latest, given);
  return { row, correction: isLate ? corrected(view, latest, given) : null };
}

function completed(
  { schema, ttl_ms: ttlMs }: MergedView,
  given: HistoryRow,
  before: HistoryRow | null,
): HistoryRow {
  if (given.isGone === true || schema.every(({ name }) => given.values[name] !== undefined)) return given;
  const values: Record<string, FieldValue | null> = {};
  const keptFrom: Record<string, number | null> = {};
  for (const { name } of schema) {
    const value = given.values[name];
    if (value !== undefined) {
      values[name] = value;
      continue;
    }
    const fromMs = before === null ? null : givenAt(before, name);
    const isKept = fromMs !== null && isWithin(ttlMs, given.eventTimestampMs - fromMs);
    values[name] = isKept ? (before?.values[name] ?? null) : null;
    keptFrom[name] = isKept ? fromMs : null;
  }
  return { ...given, values, keptFrom };
}

/** Null: the late row changes nothing. */
function corrected({ ttl_ms: ttlMs }: MergedView, latest: HistoryRow, late: HistoryRow): HistoryRow | null {
  const kept: Kept = latest.keptFrom ?? {};
  const { eventTimestampMs: lateMs } = late;
  if (!isWithin(ttlMs, latest.eventTimestampMs - lateMs)) return null;
  const values = { ...latest.values };
  const keptFrom = { ...kept };
  for (const [name, fromMs] of Object.entries(kept)) {
    const value = late.isGone === true ? null : late.values[name];
    if (value === undefined || (fromMs !== null && fromMs > lateMs)) continue;
    values[name] = value;
    keptFrom[name] = lateMs;
  }
  if (
    Object.keys(kept).every((name) => keptFrom[name] === kept[name] && values[name] === latest.values[name])
  )
    return null;
  const { revision, chunkId } = late;
  const createdTimestampMs = Math.max(latest.createdTimestampMs, late.createdTimestampMs);
  const correction: HistoryRow = { ...latest, createdTimestampMs, revision, chunkId, values, keptFrom };
  // The run may be older than the row that it corrects.
  return compareRowOrder(correction, latest) >= 0
    ? correction
    : { ...correction, createdTimestampMs: createdTimestampMs + 1 };
}

/** Event timestamp of the row that gave the value; null: no row did. A gone row gives null for every feature. */
function givenAt(row: HistoryRow, name: string): number | null {
  const from = row.keptFrom?.[name];
  return from === undefined ? row.eventTimestampMs : from;
}

function isWithin(ttlMs: number | 'forever', ageMs: number): boolean {
  return ttlMs === 'forever' || ageMs <= ttlMs;
}

function newest(rows: readonly HistoryRow[]): HistoryRow | null {
  return rows.reduce<HistoryRow | null>(
    (best, row) => (best === null || !isNewer(best, row) ? row : best),
    null,
  );
}
