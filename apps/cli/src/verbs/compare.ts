import { z } from 'zod';
import { printComparison } from '../compare/print-comparison.ts';
import { positiveWhole } from '../input.ts';
import { DONE } from '../problem.ts';
import { buildProgress } from '../training-set/build-progress.ts';
import { defineVerb } from '../verb.ts';

const DEFAULT_LIMIT = 2_000;
const MAX_LIMIT = 100_000;
const DEFAULT_TOLERANCE = 0.01;
const REF = /^[a-z][a-z0-9_]{0,39}@[1-9]\d{0,8}$/;

const refInput = z.string().regex(REF, 'must be a view with its version, such as ad_image@2');
const TOLERANCE = 'must be a number from 0';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<before>', 'a view version: ad_image@1')
      .argument('<after>', 'the version that would take its place: ad_image@2')
      .option('--model <model>', 'its predictions with either version: ad_ctr (its champion) or ad_ctr@2')
      .option('--limit <n>', `with --model: the newest logged predictions, at most [${DEFAULT_LIMIT}]`)
      .option('--tolerance <n>', `with --model: a prediction may move by so much [${DEFAULT_TOLERANCE}]`)
      .addHelpText(
        'after',
        `
Compares the newest row of every key: which keys each version has, how the values of each feature are distributed, and
how many differ. With --model, logged requests are scored again by the model's own artifact, with the features as they were
known at the time of each: once as it reads them now, once with the other version of the view. Nothing is served or changed.

Examples:
  larder compare ad_image@1 ad_image@2
  larder compare ad_image@1 ad_image@2 --model ad_ctr --limit 10000`,
      );
  },
  input: z.object({
    before: refInput,
    after: refInput,
    model: z.string().optional(),
    limit: positiveWhole
      .pipe(z.number().max(MAX_LIMIT, `must be at most ${MAX_LIMIT}`))
      .default(DEFAULT_LIMIT),
    tolerance: z.coerce.number(TOLERANCE).min(0, TOLERANCE).default(DEFAULT_TOLERANCE),
  }),
  async run({ out, signal, control }, asked) {
    const comparisons = await (await control()).comparisons();
    const progress = buildProgress(out);
    const comparison = await comparisons
      .views(asked, { signal, onProgress: progress.update })
      .finally(() => progress.stop());
    out.answer(comparison, () => printComparison(comparison, out));
    return DONE;
  },
});
