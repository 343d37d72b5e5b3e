import { z } from 'zod';
import { printFills } from '../fill/print-fills.ts';
import { printChains } from '../output/print-chains.ts';
import { needsConfirmation, printPlan, realChanges } from '../output/print-plan.ts';
import { CHANGED, DONE, FAILED } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option('--prune', 'show what apply --prune would do')
      .option('--same-meaning', 'show what apply --same-meaning would do')
      .option('-y, --yes', 'show what apply --yes would do: it asks nothing')
      .option('--exit-code', 'exit with 3 instead of 0 when there are changes')
      .addHelpText(
        'after',
        `
Compares larder.config.ts with the applied definitions; writes nothing. Says of each view version that
nothing has filled yet how many rows, bytes and minutes that takes: rows from its source, the rate from
earlier runs of the view or of the same ready-made computation. Says of each new view that is computed
from other views what is computed before it. Opens new artifacts, as apply does. Exit code 1: apply would
refuse; without --yes also what it would ask about, as off a terminal nobody answers.

Example:
  larder plan`,
      );
  },
  input: z.object({
    prune: z.boolean().optional(),
    sameMeaning: z.boolean().optional(),
    yes: z.boolean().default(false),
    exitCode: z.boolean().optional(),
  }),
  async run(session, typed) {
    const { out } = session;
    const { yes, exitCode = false, prune = false, sameMeaning = false } = typed;
    const { client } = await session.control();
    const { plan, json, fills, manifest } =
      client === null
        ? await (await import('../control/direct/apply.ts')).directPlan(session, { prune, sameMeaning })
        : await (
            await import('../control/remote/apply.ts')
          ).remotePlan(session, client, { prune, sameMeaning });
    out.answer(json, () => {
      printPlan(plan, out);
      printChains(json.chains, out);
      printFills(fills, { manifest, out });
    });
    if (plan.refusals.length > 0 || (needsConfirmation(plan) && !yes)) return FAILED;
    return exitCode && realChanges(plan.changes) > 0 ? CHANGED : DONE;
  },
});
