import { compareRowOrder } from '@larder/core';
import type { FieldValue } from '@larder/features';
import { JOINED_STATUS, type HistoryRow, type JoinedView } from '../../index.ts';
import { joinedValue, type JoinCase, type JoinedRow, type JoinedValue, type SpineRow } from './join-case.ts';

const us = (ms: number): bigint => BigInt(ms) * 1_000n;

/** The definition of a point-in-time join over plain arrays, which every engine must agree with. */
export function naiveJoin({ join, histories, chunks, spine }: JoinCase): JoinedRow[] {
  const chunkOf = new Map(chunks.map((chunk) => [chunk.chunkId, chunk]));
  const isVisible = (row: HistoryRow, { keys, atUs }: SpineRow): boolean => {
    const chunk = chunkOf.get(row.chunkId);
    const known = join.cutOff === 'created' ? us(row.createdTimestampMs) : (chunk?.onlineAtUs ?? null);
    const landed = chunk !== undefined && chunk.landedAtMs < join.landedBefore.getTime();
    const sameKey = join.entity.join_keys.every(({ name }) => row.keys[name] === keys[name]);
    return sameKey && landed && us(row.eventTimestampMs) <= atUs && known !== null && known <= atUs;
  };
  return spine.map((wanted) => [
    wanted.row,
    ...join.views.flatMap((view, at) => {
      const visible = (histories[at] ?? []).filter((row) => isVisible(row, wanted));
      return columnsOf(view, visible.toSorted(compareRowOrder).at(-1), wanted.atUs);
    }),
  ]);
}

function columnsOf(
  { features, ttlMs }: JoinedView,
  newest: HistoryRow | undefined,
  atUs: bigint,
): JoinedValue[] {
  if (newest === undefined || newest.isGone)
    return [JOINED_STATUS.NOT_FOUND, null, null, null, ...features.map(() => null)];
  const isStale = ttlMs !== 'forever' && atUs - us(newest.eventTimestampMs) > us(ttlMs);
  return [
    isStale ? JOINED_STATUS.OUTSIDE_MAX_AGE : JOINED_STATUS.PRESENT,
    newest.eventTimestampMs,
    newest.createdTimestampMs,
    newest.revision,
    ...features.map((field) => {
      const value: FieldValue | null = newest.values[field.name] ?? null;
      return isStale ? null : joinedValue(field, value);
    }),
  ];
}
