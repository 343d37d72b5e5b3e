import { LarderError } from '@larder/core';
import type { Manifest } from '@larder/features';

const MAX_AHEAD_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Which event timestamps a project accepts. */
export type EventTimes = Pick<Manifest, 'project' | 'event_horizon_ms'>;

export interface EventCheck<Row> {
  readonly accepted: Row[];
  readonly refused: { readonly row: Row; readonly error: LarderError }[];
}

/**
 * Separates rows whose event timestamp no write path accepts. More than 5 minutes ahead
 * (`EVENT_TIMESTAMP_IN_FUTURE`): the newest row wins, so such a row would hide every later value until its time comes.
 * Before the project's horizon (`EVENT_TIMESTAMP_TOO_OLD`): each month of history is a partition.
 */
export function checkEventTimes<Row extends { readonly eventTimestampMs: number }>(
  rows: readonly Row[],
  times: EventTimes,
  nowMs: number,
): EventCheck<Row> {
  const latestMs = nowMs + MAX_AHEAD_MS;
  const earliestMs = nowMs - times.event_horizon_ms;
  const check: EventCheck<Row> = { accepted: [], refused: [] };
  for (const row of rows) {
    const { eventTimestampMs } = row;
    if (eventTimestampMs >= earliestMs && eventTimestampMs <= latestMs) check.accepted.push(row);
    else if (eventTimestampMs < earliestMs)
      check.refused.push({ row, error: tooOld(eventTimestampMs, times, nowMs) });
    else check.refused.push({ row, error: inFuture(eventTimestampMs) });
  }
  return check;
}

function inFuture(eventTimestampMs: number): LarderError {
  return new LarderError(
    'EVENT_TIMESTAMP_IN_FUTURE',
    `The event timestamp ${instantText(eventTimestampMs)} is more than 5 minutes in the future; check the clock and the time zone of the source.`,
  );
}

function tooOld(eventTimestampMs: number, times: EventTimes, nowMs: number): LarderError {
  const days = Math.ceil((nowMs - eventTimestampMs) / DAY_MS) + 1;
  return new LarderError(
    'EVENT_TIMESTAMP_TOO_OLD',
    `The event timestamp ${instantText(eventTimestampMs)} is before ${instantText(nowMs - times.event_horizon_ms)}, the horizon of project ${times.project}; check the source. If the timestamp is correct, move the horizon: project('${times.project}', { eventHorizon: '${days}d' }).`,
  );
}

function instantText(ms: number): string {
  const instant = new Date(ms);
  return Number.isNaN(instant.getTime()) ? `${ms} ms` : instant.toISOString();
}
