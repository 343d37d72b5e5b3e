import { z } from 'zod';
import type { ModelsControl } from '../control/control.ts';
import { positiveWhole } from '../input.ts';
import { followMove } from '../models/follow-move.ts';
import { aliasInput, modelVersionInput, reasonInput, waitInput } from '../models/model-input.ts';
import { askYes } from '../output/confirm.ts';
import type { Session } from '../session.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<model@version>', 'the version to promote, such as ad_ctr@7')
      .requiredOption('--reason <text>', 'why; kept on record')
      .option('--as <alias>', 'the alias to move: champion answers callers that name no version [champion]')
      .option(
        '--from <version>',
        'the version that the alias must be at now; refused when somebody has moved it',
      )
      .option('-y, --yes', 'also promote a version whose views are still being filled')
      .option('--wait <duration>', 'how long to wait for the inference processes; 0 does not wait [30s]')
      .addHelpText(
        'after',
        `
Returns when every inference process has loaded the version, checked and warmed it, and answers with it; or names
those that do not and why, with exit code 1. The move is recorded either way. Until its first promote, champion
follows the newest complete version; from then on it stays where it was put. In a script, pass --from: of two who
promote, one after the other or at once, the second is refused.

Examples:
  larder promote ad_ctr@7 --reason 'AUC 0.81 against 0.79'
  larder promote ad_ctr@7 --from 6 --reason 'AUC 0.81 against 0.79'
  larder promote ad_ctr@8 --as challenger --reason 'compare it for a week'`,
      );
  },
  input: z.object({
    'model@version': modelVersionInput,
    as: aliasInput,
    reason: reasonInput,
    from: positiveWhole.optional(),
    yes: z.boolean().default(false),
    wait: waitInput,
  }),
  async run(session, { 'model@version': target, as, from, reason, yes, wait }) {
    const { out, control, signal } = session;
    const models = await (await control()).models();
    const seen = await models.alias(target.model, as);
    const move = await models.move(seen, {
      version: target.version,
      from,
      reason,
      acceptIncomplete: yes || (await isAccepted(models, target, session)),
    });
    return followMove({ models, move, waitMs: wait, out, signal });
  },
});

/** Asks a person, where there is one, about a version whose views still fill. */
async function isAccepted(
  models: ModelsControl,
  { model, version }: { readonly model: string; readonly version: number },
  session: Session,
): Promise<boolean> {
  if (!session.out.interactive) return false;
  const { versions } = await models.record(model);
  if (versions.find((each) => each.version === version)?.state !== 'filling') return false;
  return askYes(
    `The views of ${model}@${version} are still being filled: it would answer from defaults for entities that are missing. Promote it?`,
    session,
  );
}
