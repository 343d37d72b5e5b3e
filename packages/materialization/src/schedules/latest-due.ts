import { nextDue, type ScheduleManifest } from '@larder/features';

const FIRST_LOOK_MS = 60_000;

/** Finds the latest due time up to `now`, given one that has passed; searches back in growing steps, not through a year of minutes. */
export async function latestDue(
  schedule: ScheduleManifest,
  { passed, now }: { readonly passed: Date; readonly now: Date },
): Promise<Date> {
  for (let backMs = FIRST_LOOK_MS; ; backMs *= 2) {
    const from = new Date(Math.max(now.getTime() - backMs, passed.getTime()));
    let latest: Date | null = null;
    for (
      let due = await nextDue(schedule, from);
      due !== null && due <= now;
      due = await nextDue(schedule, due)
    )
      latest = due;
    if (latest !== null) return latest;
    if (from <= passed) return passed;
  }
}
