import { readViews } from '@larder/features';
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
run is due (UTC). A version that no model reads, served ones included, and that is not the newest is not scheduled.

Example:
  larder views`,
    );
  },
  input: z.object({}),
  async run({ out, control }) {
    const asked = await control();
    const fleet = await asked.fleet();
    const [manifest, views, processes] = await Promise.all([
      asked.manifest(),
      fleet.views(),
      fleet.processes(),
    ]);
    const onDemand = Object.keys(manifest.on_demand_feature_views);
    out.answer({ views, on_demand_feature_views: onDemand }, () => {
      const read = readViews(manifest);
      const shown = views.map((view) => ({ view, read: read.has(view.ref) }));
      printViews(shown, { onDemand, workerRuns: processes.some(({ role }) => role === 'worker') }, out);
    });
    return DONE;
  },
});
