import { z } from 'zod';
import { positiveWhole } from '../input.ts';
import { printParity } from '../parity/print-parity.ts';
import { filterInput } from '../predictions/log-filter.ts';
import { DONE, FAILED } from '../problem.ts';
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
  async run({ out, signal, control }, asked) {
    const report = await (await (await control()).comparisons()).parity(asked, { signal });
    out.answer(report, () => printParity(report, out));
    return report.unexplained === 0 ? DONE : FAILED;
  },
});
