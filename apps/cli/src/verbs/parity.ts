import { isLarderError, systemClock } from '@larder/core';
import { openModelDefinitions } from '@larder/registry';
import { checkParity, parityJson, type ParityDeps } from '@larder/training';
import { z } from 'zod';
import { positiveWhole } from '../input.ts';
import { printParity } from '../parity/print-parity.ts';
import { filterInput } from '../predictions/log-filter.ts';
import { DONE, FAILED } from '../problem.ts';
import type { Session } from '../session.ts';
import { defineVerb } from '../verb.ts';

const DEFAULT_LIMIT = 1_000;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<model>', 'model, such as ad_ctr')
      .option('--version <n>', 'only predictions of this version of the model')
      .option('--from <instant>', 'only predictions from this instant on')
      .option('--to <instant>', 'only predictions before this instant')
      .option('--limit <n>', `compare at most this many, the newest [${DEFAULT_LIMIT}]`)
      .addHelpText(
        'after',
        `
Rebuilds the features of logged predictions as a training set would (from history, as served, by the
same functions) and compares each with what the model got. A difference has a cause: value, time
(another row was read), default or version. Differences that had to be, such as a row that was served
before it was confirmed or history that was erased since, are counted apart. Exit code 1 when a
difference is not explained.

Examples:
  larder parity ad_ctr
  larder parity ad_ctr --version 3 --from 2026-11-20T00:00:00Z --limit 10000`,
      );
  },
  input: z.object({
    model: z.string(),
    version: filterInput.shape.version,
    from: filterInput.shape.from,
    to: filterInput.shape.to,
    limit: positiveWhole.default(DEFAULT_LIMIT),
  }),
  async run(session, { model, version, from, to, limit }) {
    const { out, signal } = session;
    const project = await session.projectName();
    const store = await session.offlineStore();
    const definitionsOf = await contentOf(session, { project, model });
    const report = await checkParity(
      { store, clock: systemClock, definitionsOf },
      { project, model, version, from, to, limit, signal },
    );
    out.answer(parityJson(report), () => printParity(report, out));
    return report.unexplained === 0 ? DONE : FAILED;
  },
});

const NOT_ON_RECORD: ReadonlySet<string> = new Set([
  'MODEL_VERSION_NOT_FOUND',
  'MODEL_NOT_READY',
  'ARTIFACT_NOT_FOUND',
]);

/** @throws MODEL_NOT_FOUND */
async function contentOf(
  session: Session,
  { project, model }: { readonly project: string; readonly model: string },
): Promise<ParityDeps['definitionsOf']> {
  const deps = { store: await session.offlineStore(), artifacts: await session.artifacts() };
  return async (version) => {
    try {
      return await openModelDefinitions(deps, { project, model, version: String(version) });
    } catch (error) {
      if (isLarderError(error) && NOT_ON_RECORD.has(error.code)) return null;
      throw error;
    }
  };
}
