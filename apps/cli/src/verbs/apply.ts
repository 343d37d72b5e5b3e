import { z } from 'zod';
import { followFills } from '../fill/follow-fills.ts';
import { printPromotions } from '../fill/print-promotions.ts';
import { count, printChanges, realChanges } from '../output/print-plan.ts';
import { CHANGED, DONE, FAILED } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option(
        '--same-meaning',
        'declare that functions whose code changed return the same values; kept on record',
      )
      .option('--prune', 'drop what is applied and not in larder.config.ts any more')
      .option('-y, --yes', 'do not ask, also about changes that stop something or take the project back')
      .option('--exit-code', 'exit with 3 instead of 0 when something was applied')
      .option('--backfill', 'queue a run for each view version that nothing has filled')
      .option('--detach', 'with --backfill: do not follow the runs on a terminal')
      .option('--promote-when-complete', 'promote new model versions to champion once their views are filled')
      .option('--reason <text>', 'why they are promoted; kept on record')
      .addHelpText(
        'after',
        `
Checks artifacts, migrates the control tables, creates history tables and assigns model versions.
What is applied and missing in larder.config.ts stays applied. Running processes follow within
two seconds.

With --promote-when-complete the alias moves by itself when a version is complete, unless somebody has
moved it since: larder models says so then. Applying again starts no run and asks for no promotion twice.

Examples:
  larder apply
  larder apply --backfill --promote-when-complete --reason 'pictures of the new encoder'`,
      );
  },
  input: z
    .object({
      sameMeaning: z.boolean().optional(),
      prune: z.boolean().optional(),
      yes: z.boolean().optional(),
      exitCode: z.boolean().optional(),
      backfill: z.boolean().optional(),
      detach: z.boolean().optional(),
      promoteWhenComplete: z.boolean().optional(),
      reason: z.string().trim().min(1, 'must say why').optional(),
    })
    .refine(({ promoteWhenComplete, reason }) => promoteWhenComplete !== true || reason !== undefined, {
      path: ['reason'],
      error: "must say why, such as --reason 'pictures of the new encoder'",
    }),
  async run(session, typed) {
    const { out } = session;
    const { exitCode = false, detach = false } = typed;
    const asked = {
      sameMeaning: typed.sameMeaning === true,
      prune: typed.prune === true,
      yes: typed.yes === true,
      backfill: typed.backfill === true,
      promoteWhenComplete: typed.promoteWhenComplete === true,
      reason: typed.reason,
    };
    const { client } = await session.control();
    const applied =
      client === null
        ? await (await import('../control/direct/apply.ts')).directApply(session, asked)
        : await (await import('../control/remote/apply.ts')).remoteApply(session, client, asked);
    const { project, changes } = applied;
    out.answer(applied, () => {
      printChanges(changes, out);
      const versions = Object.entries(applied.model_versions).map(
        ([model, version]) => `${model} ${version}`,
      );
      out.line(
        realChanges(changes) === 0
          ? `Nothing to apply: project ${project} is up to date.`
          : `Applied ${count(changes)} to project ${project} as manifest ${applied.manifest_id}.`,
      );
      if (versions.length > 0) out.line(`Model versions: ${versions.join(', ')}`);
      printPromotions(applied, out);
    });
    if (!(await followFills(session, { fills: applied.backfills, detach }))) return FAILED;
    return exitCode && realChanges(changes) > 0 ? CHANGED : DONE;
  },
});
