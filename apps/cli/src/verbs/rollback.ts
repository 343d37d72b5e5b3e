import { z } from 'zod';
import { followMove } from '../models/follow-move.ts';
import { aliasInput, reasonInput, waitInput } from '../models/model-input.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<model>', 'name of a model')
      .option('--reason <text>', 'why; kept on record')
      .option('--as <alias>', 'the alias to move back [champion]')
      .option('--wait <duration>', 'how long to wait for the inference processes; 0 does not wait [30s]')
      .addHelpText(
        'after',
        `
Moves the alias to the newest version that was in force before and is not bad, marks the version that it leaves
as bad, and returns when every inference process answers with the earlier one. While champion has never been
promoted, it goes to the complete version before the newest, and stays there.

Example:
  larder rollback ad_ctr --reason 'scores are too high since noon'`,
      );
  },
  input: z.object({
    model: z.string(),
    as: aliasInput,
    reason: reasonInput.default('rolled back'),
    wait: waitInput,
  }),
  async run({ out, control, signal }, { model, as, reason, wait }) {
    const models = await (await control()).models();
    const move = await models.rollback(await models.alias(model, as), reason);
    out.note(
      `Version ${move.from_version} is marked as bad. To clear it: larder models ${model}@${move.from_version} mark-good --reason 'why it is good'`,
    );
    return followMove({ models, move, waitMs: wait, out, signal });
  },
});
