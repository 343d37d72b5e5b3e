import { viewRef } from '@larder/features';
import { readFreshness } from '@larder/offline-store';
import type { RunStore } from '../runs/index.ts';
import { listSchedules, type StandingSchedule } from '../schedules/list-schedules.ts';

/** How a view version stands: when it is due next, and how fresh what it holds is. Null: none, or nothing yet. */
export interface ViewStanding {
  readonly schedule: StandingSchedule | null;
  readonly freshness: Awaited<ReturnType<typeof readFreshness>>[number] | null;
}

/** By reference: `ad_image@1`. */
export type ViewStandings = (ref: string) => ViewStanding;

export async function viewStandings(store: RunStore, project: string): Promise<ViewStandings> {
  const [schedules, freshness] = await Promise.all([
    listSchedules(store, project),
    readFreshness(store, project),
  ]);
  const byRef = new Map(freshness.map((each) => [viewRef({ name: each.view, version: each.version }), each]));
  return (ref) => ({ schedule: schedules.get(ref) ?? null, freshness: byRef.get(ref) ?? null });
}

/** As the API and the command line show it. */
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
