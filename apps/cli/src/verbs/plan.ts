import { planManifest } from '@larder/registry';
import { z } from 'zod';
import { printPlan } from '../output/print-plan.ts';
import { DONE, FAILED } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command.addHelpText(
      'after',
      `
Compares larder.config.ts with the applied definitions; writes nothing. Exit code 1: apply would refuse.

Example:
  larder plan`,
    );
  },
  input: z.object({}),
  async run({ out, project, offlineStore }) {
    const { manifest } = await project();
    const plan = await planManifest(await offlineStore(), manifest);
    out.answer(
      {
        project: plan.project,
        applied_id: plan.appliedId,
        changes: plan.changes,
        refusals: plan.refusals,
        not_scheduled: plan.notScheduled,
      },
      () => printPlan(plan, out),
    );
    return plan.refusals.length > 0 ? FAILED : DONE;
  },
});
