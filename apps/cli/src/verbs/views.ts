import { readViews, viewRef } from '@larder/features';
import { standingJson, viewStandings } from '@larder/materialization/views';
import { listProcesses } from '@larder/offline-store';
import { z } from 'zod';
import { printViews } from '../output/print-views.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command.addHelpText(
      'after',
      `
Lists every applied view version: rows written to the online store, the newest event and landing, and when its next scheduled
run is due (UTC). A version that no model reads and that is not the newest is not scheduled.

Example:
  larder views`,
    );
  },
  input: z.object({}),
  async run({ out, manifest, offlineStore }) {
    const applied = await manifest();
    const store = await offlineStore();
    const standings = await viewStandings(store, applied.project);
    const read = readViews(applied);
    const views = Object.values(applied.feature_views).map((view) => {
      const ref = viewRef(view);
      return { view, standing: standings(ref), read: read.has(ref) };
    });
    const json = views.map(({ view, standing }) =>
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
        standingJson(standing),
      ),
    );
    const onDemand = Object.keys(applied.on_demand_feature_views);
    const workerRuns = (await listProcesses(store, applied.project)).some(({ role }) => role === 'worker');
    out.answer({ views: json, on_demand_feature_views: onDemand }, () =>
      printViews(views, { onDemand, workerRuns }, out),
    );
    return DONE;
  },
});
