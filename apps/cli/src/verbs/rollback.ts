import { readAlias, rollback } from '@larder/registry';
import { z } from 'zod';
import { actor } from '../actor.ts';
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
  async run({ out, projectName, offlineStore, signal }, { model, as, reason, wait }) {
    const project = await projectName();
    const store = await offlineStore();
    const id = { project, model, alias: as };
    const { newest, state } = await readAlias(store, id);
    const move = await rollback(store, {
      ...id,
      actor: actor(),
      reason,
      expectedMoveId: newest?.moveId ?? null,
      expectedVersion: state?.version,
    });
    out.note(
      `Version ${move.fromVersion} is marked as bad. To clear it: larder models ${model}@${move.fromVersion} mark-good --reason 'why it is good'`,
    );
    return followMove({ store, id, move, changed: true, waitMs: wait, out, signal });
  },
});
