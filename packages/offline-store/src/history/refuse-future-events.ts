import { LarderError, type Clock } from '@larder/core';

const MAX_AHEAD_MS = 5 * 60_000;

export interface EventCheck<Row> {
  readonly accepted: Row[];
  readonly refused: { readonly row: Row; readonly error: LarderError }[];
}

/**
 * Parts rows whose event timestamp lies more than 5 minutes ahead of the clock (`EVENT_TIMESTAMP_IN_FUTURE`) from the
 * others: newest wins, so one such row would hide every later value until its time has come.
 */
export function refuseFutureEvents<Row extends { readonly eventTimestampMs: number }>(
  rows: readonly Row[],
  clock: Clock,
): EventCheck<Row> {
  const latestMs = clock.nowMs() + MAX_AHEAD_MS;
  const check: EventCheck<Row> = { accepted: [], refused: [] };
  for (const row of rows) {
    if (row.eventTimestampMs <= latestMs) check.accepted.push(row);
    else check.refused.push({ row, error: futureEvent(row.eventTimestampMs) });
  }
  return check;
}

function futureEvent(eventTimestampMs: number): LarderError {
  const when = new Date(eventTimestampMs);
  const text = Number.isNaN(when.getTime()) ? `${eventTimestampMs} ms` : when.toISOString();
  return new LarderError(
    'EVENT_TIMESTAMP_IN_FUTURE',
    `The event timestamp ${text} lies more than 5 minutes in the future; check the clock and the time zone of the source.`,
  );
}
