import { planProject } from '@larder/registry';
import { z } from 'zod';
import { planJson, printPlan } from '../output/print-plan.ts';
import { CHANGED, DONE, FAILED } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option('--prune', 'show what apply --prune would do')
      .option('--same-meaning', 'show what apply --same-meaning would do')
      .option('--exit-code', 'exit with 3 instead of 0 when there are changes')
      .addHelpText(
        'after',
        `
Compares larder.config.ts with the applied definitions; writes nothing. Exit code 1: apply would refuse.

Example:
  larder plan`,
      );
  },
  input: z.object({
    prune: z.boolean().optional(),
    sameMeaning: z.boolean().optional(),
    exitCode: z.boolean().optional(),
  }),
  async run({ out, project, offlineStore, artifacts }, { prune, sameMeaning, exitCode = false }) {
    const deps = { store: await offlineStore(), artifacts: await artifacts() };
    const { plan } = await planProject(deps, await project(), { prune, sameMeaning });
    out.answer(planJson(plan), () => printPlan(plan, out));
    if (plan.refusals.length > 0) return FAILED;
    return exitCode && plan.changes.length > 0 ? CHANGED : DONE;
  },
});
