import { createLogger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import {
  ALIAS_NAME,
  aliasJson,
  createCompletion,
  dropAlias,
  findVersion,
  markVersion,
  moveJson,
  readAlias,
  readAliases,
  readModelRecord,
  readModelVersions,
  versionJson,
} from '@larder/registry';
import { z } from 'zod';
import { actor } from '../actor.ts';
import { positiveWhole } from '../input.ts';
import { failedRuns } from '../models/failed-runs.ts';
import { modelOrVersionInput, reasonInput } from '../models/model-input.ts';
import type { Output } from '../output/output.ts';
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
  async run({ out, projectName, offlineStore }, { model: target, action, reason, as, limit }) {
    const project = await projectName();
    const store = await offlineStore();
    if (target === undefined) return listModels(store, project, out);
    const { model, version } = target;
    if (action === 'drop-alias') await drop(store, { project, model, version, as, reason });
    else if (action !== undefined) {
      if (version === null)
        throw wrongUsage('models', [{ pointer: 'MODEL', detail: `needs a version: ${model}@7` }]);
      const mark = action === 'mark-bad' ? 'bad' : 'good';
      await markVersion(store, { project, model, version, mark, actor: actor(), reason: needed(reason) });
    }
    const record = await readModelRecord(store, {
      project,
      model,
      completion: createCompletion({ store, project, logger: createLogger('larder', { level: 'silent' }) }),
    });
    const versions = record.versions.toReversed().map((each) => versionJson(record, each));
    const failed = await failedRuns(store, project, versions);
    const aliases = record.aliases.map(aliasJson);
    const moves = record.moves.toReversed().map(moveJson);
    if (version === null) {
      const shown = moves.slice(0, limit);
      const complete = shown.length === moves.length;
      out.answer({ model, aliases, versions, moves: shown, moves_complete: complete }, () =>
        printModel({ model, aliases, versions, moves: shown, complete, failed }, out),
      );
      return DONE;
    }
    const found = versionJson(record, findVersion(record.versions, { model, version }));
    const own = moves.filter((move) => move.to_version === version || move.from_version === version);
    out.answer({ ...found, moves: own }, () => printVersion(found, { moves: own, failed }, out));
    return DONE;
  },
});

async function listModels(store: OfflineStore, project: string, out: Output): Promise<number> {
  const versionsOf = Map.groupBy(await readModelVersions(store, project), ({ model }) => model);
  const aliasesOf = Map.groupBy(await readAliases(store, project), ({ model }) => model);
  const models = [...versionsOf].map(([model, versions]) => ({
    model,
    versions: versions.length,
    newest: versions.at(-1)?.version ?? 0,
    aliases: (aliasesOf.get(model) ?? []).map(aliasJson),
  }));
  out.answer({ models }, () => printModels(models, out));
  return DONE;
}

interface Drop {
  readonly project: string;
  readonly model: string;
  readonly version: number | null;
  readonly as: string | undefined;
  readonly reason: string | undefined;
}

async function drop(store: OfflineStore, { project, model, version, as, reason }: Drop): Promise<void> {
  if (as === undefined || version !== null)
    throw wrongUsage('models', [
      { pointer: '--as', detail: 'names the alias to drop; MODEL has no version' },
    ]);
  const id = { project, model, alias: as };
  const { newest } = await readAlias(store, id);
  await dropAlias(store, {
    ...id,
    actor: actor(),
    reason: needed(reason),
    expectedMoveId: newest?.moveId ?? null,
  });
}

function needed(reason: string | undefined): string {
  if (reason !== undefined) return reason;
  throw wrongUsage('models', [{ pointer: '--reason', detail: 'is required by every action' }]);
}
