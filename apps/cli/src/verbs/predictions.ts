import { z } from 'zod';
import { positiveWhole } from '../input.ts';
import { filterInput, filterOf } from '../predictions/log-filter.ts';
import { printHistogram, printPrediction, printPredictions } from '../predictions/print-predictions.ts';
import { DONE } from '../problem.ts';
import type { Session } from '../session.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 500;
const MAX_BINS = 200;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('[model]', "only predictions of this model; or 'show' and an id")
      .argument('[id]', 'with show: id of a prediction')
      .option('--version <n>', 'only predictions of this version of the model')
      .option('--alias <alias>', 'only where this alias chose the version')
      .option('--entity <entity>', 'with --key: only predictions of one entity')
      .option('--key <key>', "its key, such as ad-42; join the parts of a composite key with '|'")
      .option('--degraded', 'only degraded predictions')
      .option('--min-output <x>', 'only where the first output is at least this')
      .option('--max-output <x>', 'only where the first output is at most this')
      .option('--from <instant>', 'only predictions from this instant on')
      .option('--to <instant>', 'only predictions before this instant')
      .option('--histogram <n>', 'also count the first output of all that match, in n ranges')
      .option('--limit <n>', `maximum number of predictions, at most ${MAX_LIMIT} [${DEFAULT_LIMIT}]`)
      .addHelpText(
        'after',
        `
Lists logged predictions, newest first. With show: the request, every feature as the model got it,
the history row and the run that it came from, outputs and timings. With --json, prints the answers
of GET /v1/predictions and GET /v1/predictions/ID.

Examples:
  larder predictions ad_ctr --degraded --from 2026-11-20T00:00:00Z
  larder predictions --entity ad --key ad-42
  larder predictions ad_ctr --version 3 --histogram 20
  larder predictions show 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071`,
      );
  },
  input: filterInput.extend({
    model: z.string().optional(),
    id: z.string().optional(),
    histogram: positiveWhole.pipe(z.number().max(MAX_BINS, `must be at most ${MAX_BINS}`)).optional(),
    limit: positiveWhole
      .pipe(z.number().max(MAX_LIMIT, `must be at most ${MAX_LIMIT}`))
      .default(DEFAULT_LIMIT),
  }),
  async run(session, { model, id, histogram, limit, ...typed }) {
    if (model === 'show' && id !== undefined) return show(session, id);
    if (id !== undefined || model === 'show')
      throw wrongUsage('predictions', [
        { pointer: 'ID', detail: model === 'show' ? 'is missing' : "has no meaning without 'show'" },
      ]);
    const { out } = session;
    const log = await (await session.control()).predictions();
    const answer = await log.find(filterOf(model, typed), { limit, histogram });
    const { predictions, cursor, histogram: counted } = answer;
    out.answer(answer, () => {
      printPredictions(predictions, out);
      if (cursor !== null) out.note(`There are more; the newest ${limit} are shown (--limit).`);
      if (counted !== undefined) printHistogram(counted, out);
    });
    return DONE;
  },
});

async function show(session: Session, id: string): Promise<number> {
  const { out } = session;
  if (!z.uuid().safeParse(id).success)
    throw wrongUsage('predictions', [{ pointer: 'ID', detail: 'must be the id of a prediction' }]);
  const detail = await (await (await session.control()).predictions()).show(id);
  out.answer(detail, () => printPrediction(detail, out));
  return DONE;
}
