import type { RunStore } from '../run-store.ts';
import type { RunTrigger } from '@larder/offline-store';

/** True when this view version has a run of this trigger that has not ended yet; a held run has done its work. */
export async function hasOpenRun(
  store: RunStore,
  options: {
    readonly project: string;
    readonly view: string;
    readonly version: number;
    readonly trigger: RunTrigger;
  },
): Promise<boolean> {
  const row = await store.db
    .selectFrom('larder.runs')
    .select('run_id')
    .where('project', '=', options.project)
    .where('view', '=', options.view)
    .where('version', '=', options.version)
    .where('trigger', '=', options.trigger)
    .where('finished_at', 'is', null)
    .where('status', '<>', 'held')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
