import { viewRef } from '@larder/features';
import { standingJson, viewStandings } from '@larder/materialization/views';
import { listProcesses, processJson } from '@larder/offline-store';
import type { Session } from '../../session.ts';
import type { FleetControl } from '../control.ts';

/** Views and processes as PostgreSQL knows them. */
export function directFleet({ manifest, offlineStore, projectName }: Session): FleetControl {
  return {
    async views() {
      const applied = await manifest();
      const standings = await viewStandings(await offlineStore(), applied.project);
      return Object.values(applied.feature_views).map((view) =>
        Object.assign(
          {
            ref: viewRef(view),
            view: view.name,
            version: view.version,
            entity: view.entity,
            ttl_ms: view.ttl_ms,
            schedule: view.schedule,
            freshness_objective_ms: view.freshness_objective_ms ?? null,
          },
          standingJson(standings(viewRef(view))),
        ),
      );
    },
    processes: async () => (await listProcesses(await offlineStore(), await projectName())).map(processJson),
  };
}
