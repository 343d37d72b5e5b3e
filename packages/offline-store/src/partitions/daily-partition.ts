import type { Partition } from './partitions.ts';

const DAY_MS = 86_400_000;

/** The partition of an instant's UTC day, or of a day that many days later. */
export function dailyPartition(timestampMs: number, daysLater = 0): Partition {
  const day = Math.floor(timestampMs / DAY_MS) + daysLater;
  const start = (at: number): string => new Date(at * DAY_MS).toISOString();
  return { suffix: start(day).slice(0, 10).replaceAll('-', '_'), from: start(day), to: start(day + 1) };
}
