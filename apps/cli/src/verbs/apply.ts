import { applyPlanned, planProject } from '@larder/registry';
import { z } from 'zod';
import { actor } from '../actor.ts';
import { isConfirmed } from '../output/confirm.ts';
import { count, printChanges } from '../output/print-plan.ts';
import { CHANGED, DONE } from '../problem.ts';
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
      .addHelpText(
        'after',
        `
Checks artifacts, migrates the control tables, creates history tables and assigns model versions.
What is applied and missing in larder.config.ts stays applied. Running processes follow within
two seconds.

Example:
  larder apply`,
      );
  },
  input: z.object({
    sameMeaning: z.boolean().optional(),
    prune: z.boolean().optional(),
    yes: z.boolean().optional(),
    exitCode: z.boolean().optional(),
  }),
  async run(session, { sameMeaning, prune, yes = false, exitCode = false }) {
    const { out } = session;
    const project = await session.project();
    const { manifest } = project;
    const deps = { store: await session.offlineStore(), artifacts: await session.artifacts() };
    const planned = await planProject(deps, project, { sameMeaning, prune });
    const confirmed = yes || (planned.plan.refusals.length === 0 && (await isConfirmed(planned.plan, out)));
    const result = await applyPlanned(deps, project, {
      planned,
      options: { actor: actor(), sameMeaning, prune, refuseDestructive: !confirmed },
    });
    out.answer(
      {
        project: manifest.project,
        manifest_id: result.manifestId,
        changes: result.changes,
        retained: result.retained,
        model_versions: result.modelVersions,
      },
      () => {
        printChanges(result.changes, out);
        const versions = Object.entries(result.modelVersions).map(
          ([model, version]) => `${model} ${version}`,
        );
        out.line(
          result.changes.length === 0
            ? `Nothing to apply: project ${manifest.project} is up to date.`
            : `Applied ${count(result.changes.length)} to project ${manifest.project} as manifest ${result.manifestId}.`,
        );
        if (versions.length > 0) out.line(`Model versions: ${versions.join(', ')}`);
      },
    );
    return exitCode && result.changes.length > 0 ? CHANGED : DONE;
  },
});
