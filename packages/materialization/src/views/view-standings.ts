import { viewRef } from '@larder/features';
import { readFreshness } from '@larder/offline-store';
import type { RunStore } from '../runs/index.ts';
import { listSchedules, type StandingSchedule } from '../schedules/list-schedules.ts';

/** State of a view version: when it is due next, and how fresh its rows are. Null: no schedule, or no rows yet. */
export interface ViewStanding {
  readonly schedule: StandingSchedule | null;
  readonly freshness: Awaited<ReturnType<typeof readFreshness>>[number] | null;
}

/** Standings by reference: `ad_image@1`. */
export type ViewStandings = (ref: string) => ViewStanding;

export async function viewStandings(store: RunStore, project: string): Promise<ViewStandings> {
  const [schedules, freshness] = await Promise.all([
    listSchedules(store, project),
    readFreshness(store, project),
  ]);
  const byRef = new Map(freshness.map((each) => [viewRef({ name: each.view, version: each.version }), each]));
  return (ref) => ({ schedule: schedules.get(ref) ?? null, freshness: byRef.get(ref) ?? null });
}

/** Converts it to the form of the HTTP API and the CLI. */
export function standingJson({ schedule, freshness }: ViewStanding) {
  return {
    next_due_at: schedule?.nextDueAt?.toISOString() ?? null,
    freshness: freshness && {
      newest_event_timestamp: freshness.newestEventTimestamp?.toISOString() ?? null,
      newest_landed_at: freshness.newestLandedAt?.toISOString() ?? null,
      newest_online_at: freshness.newestOnlineAt?.toISOString() ?? null,
      rows_online: freshness.rowsOnline,
    },
  };
}
