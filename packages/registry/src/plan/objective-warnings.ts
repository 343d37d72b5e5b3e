import { formatDurationMs } from '@larder/core';
import { nextDue, type Manifest, type ScheduleManifest } from '@larder/features';

/** Due times that are looked at, from `now` on: more than a day of every minute of business hours. */
const MAX_DUE = 600;
const HORIZON_MS = 40 * 86_400_000;

/**
 * Views that cannot keep their freshness objective by their schedule: nothing newer comes for longer than they may be
 * old, so that somebody is told of a stale view again and again although all is well.
 */
export async function objectiveWarnings(
  { feature_views: views }: Pick<Manifest, 'feature_views'>,
  now: Date,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const [ref, { schedule, freshness_objective_ms: objectiveMs }] of Object.entries(views)) {
    if (schedule === null || objectiveMs === undefined) continue;
    const pauseMs = await longestPauseMs(schedule, now);
    if (pauseMs <= objectiveMs) continue;
    warnings.push(
      `the freshness objective of view ${ref} is ${formatDurationMs(objectiveMs)}, and up to ${formatDurationMs(pauseMs)} pass between its scheduled runs: it will be stale before the next one`,
    );
  }
  return warnings;
}

/** Between two due times that follow each other; 0: it is not due twice. */
async function longestPauseMs(schedule: ScheduleManifest, now: Date): Promise<number> {
  let longestMs = 0;
  let due = await nextDue(schedule, now);
  for (let nth = 0; due !== null && nth < MAX_DUE; nth++) {
    const next = await nextDue(schedule, due);
    if (next === null) break;
    longestMs = Math.max(longestMs, next.getTime() - due.getTime());
    if (next.getTime() - now.getTime() > HORIZON_MS) break;
    due = next;
  }
  return longestMs;
}
