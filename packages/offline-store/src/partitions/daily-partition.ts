import type { Partition } from './partitions.ts';

const DAY_MS = 86_400_000;

/** The UTC day of an instant, or of one as many days later. */
export function dailyPartition(timestampMs: number, daysLater = 0): Partition {
  const day = Math.floor(timestampMs / DAY_MS) + daysLater;
  const start = (at: number): string => new Date(at * DAY_MS).toISOString();
  return { suffix: start(day).slice(0, 10).replaceAll('-', '_'), from: start(day), to: start(day + 1) };
}
