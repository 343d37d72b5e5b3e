import { ALIAS_NAME } from '@larder/contracts';
import { LarderError } from '@larder/core';
import { z } from 'zod';
import type { ModelsControl } from '../control/control.ts';
import { positiveWhole } from '../input.ts';
import { failedRuns } from '../models/failed-runs.ts';
import { modelOrVersionInput, reasonInput } from '../models/model-input.ts';
import { printModel, printModels, printVersion } from '../output/print-models.ts';
import { DONE } from '../problem.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const ACTIONS = ['mark-bad', 'mark-good', 'drop-alias'] as const;
const DEFAULT_LIMIT = 20;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('[model]', 'a model, or one of its versions: ad_ctr@7; without it, lists every model')
      .argument('[action]', `what to do with it: ${ACTIONS.join(', ')}`)
      .option('--reason <text>', 'why; kept on record, and required by every action')
      .option('--as <alias>', 'the alias to drop')
      .option('--limit <n>', `maximum number of moves to list [${DEFAULT_LIMIT}]`)
      .addHelpText(
        'after',
        `
A version that is marked as bad is neither promoted nor rolled back to until it is marked as good; an alias that points
to it stays there. A dropped alias keeps no version warm any more; champion cannot be dropped.

Examples:
  larder models
  larder models ad_ctr
  larder models ad_ctr@7
  larder models ad_ctr@7 mark-bad --reason 'trained on a broken label'
  larder models ad_ctr drop-alias --as challenger --reason 'the comparison is over'`,
      );
  },
  input: z.object({
    model: modelOrVersionInput.optional(),
    action: z.enum(ACTIONS, `must be one of ${ACTIONS.join(', ')}`).optional(),
    reason: reasonInput.optional(),
    as: z.string().regex(ALIAS_NAME, 'is not a name of an alias').optional(),
    limit: positiveWhole.default(DEFAULT_LIMIT),
  }),
  async run({ out, control }, { model: target, action, reason, as, limit }) {
    const asked = await control();
    const registry = await asked.models();
    if (target === undefined) {
      const models = await registry.records();
      out.answer({ models }, () => printModels(models, out));
      return DONE;
    }
    const { model, version } = target;
    if (action === 'drop-alias') await drop(registry, { model, version, as, reason });
    else if (action !== undefined) {
      if (version === null)
        throw wrongUsage('models', [{ pointer: 'MODEL', detail: `needs a version: ${model}@7` }]);
      const mark = action === 'mark-bad' ? 'bad' : 'good';
      await registry.mark({ model, version }, { mark, reason: needed(reason) });
    }
    const { versions, aliases, moves } = await registry.record(model);
    const failed = await failedRuns(asked.runs, versions);
    if (version === null) {
      const shown = moves.slice(0, limit);
      const complete = shown.length === moves.length;
      out.answer({ model, aliases, versions, moves: shown, moves_complete: complete }, () =>
        printModel({ model, aliases, versions, moves: shown, complete, failed }, out),
      );
      return DONE;
    }
    const found = versions.find((each) => each.version === version);
    if (found === undefined)
      throw new LarderError(
        'MODEL_VERSION_NOT_FOUND',
        `${model} has no version ${version}; versions on record: ${versions
          .map((each) => each.version)
          .toReversed()
          .join(', ')}.`,
      );
    const own = moves.filter((move) => move.to_version === version || move.from_version === version);
    out.answer({ ...found, moves: own }, () => printVersion(found, { moves: own, failed }, out));
    return DONE;
  },
});

interface Drop {
  readonly model: string;
  readonly version: number | null;
  readonly as: string | undefined;
  readonly reason: string | undefined;
}

async function drop(registry: ModelsControl, { model, version, as, reason }: Drop): Promise<void> {
  if (as === undefined || version !== null)
    throw wrongUsage('models', [
      { pointer: '--as', detail: 'names the alias to drop; MODEL has no version' },
    ]);
  await registry.drop(await registry.alias(model, as), needed(reason));
}

function needed(reason: string | undefined): string {
  if (reason !== undefined) return reason;
  throw wrongUsage('models', [{ pointer: '--reason', detail: 'is required by every action' }]);
}
