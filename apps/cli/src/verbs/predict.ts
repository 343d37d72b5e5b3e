import { isLarderError } from '@larder/core';
import { z } from 'zod';
import { bodyOf, inputFlags, optionOf } from '../predict/input-flags.ts';
import { inFlags } from '../predict/prediction-answer.ts';
import { printPrediction } from '../predict/print-prediction.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

const OWN_OPTIONS = new Set([
  'features',
  'version',
  'mode',
  'project',
  'project-name',
  'json',
  'help',
  'database-url',
  'redis-url',
  'url',
]);

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<model>', 'model, such as ad_ctr; its inputs are options after it')
      .option('--version <version>', 'number of a model version, or an alias (default: champion)')
      .option('--features', 'also show the value, status and origin of every feature')
      .option(
        '--mode <mode>',
        'live, precomputed, or precomputed_or_live (default: what the model declares, or live)',
      )
      .addHelpText(
        'after',
        `
Predicts in this process, as the service does, with the current content of the online store; the
prediction is not logged. With LARDER_URL the service answers, and logs it as any other. larder predict MODEL --help lists the model's inputs. Without --version,
the version answers that the alias champion points to.

Example:
  larder predict ad_ctr --ad_id ad-42 --requested_at 2026-11-20T09:30:00Z --bid 1.2 --features`,
      );
  },
  async describeLate(command, { session, operands: [model], options: { version }, help }) {
    if (model === undefined) return;
    try {
      const predictions = await (await session.control()).predictions();
      const inputs = await predictions.inputs({ model, version: version as string | undefined });
      for (const flag of inputFlags(inputs, OWN_OPTIONS)) command.addOption(optionOf(flag));
    } catch (error) {
      // the general help needs no stack
      if (!help) throw error;
    }
  },
  input: z.looseObject({
    model: z.string(),
    version: z.string().optional(),
    features: z.boolean().default(false),
    mode: z.enum(['live', 'precomputed', 'precomputed_or_live']).optional(),
  }),
  async run(session, { model, version, features, mode, ...options }) {
    const { out } = session;
    const predictions = await (await session.control()).predictions();
    const flags = inputFlags(await predictions.inputs({ model, version }), OWN_OPTIONS);
    const row = bodyOf(flags, options);
    const { answer, fields } = await predictions
      .predict({ model, version, row, features, mode })
      .catch((error: unknown) => {
        throw isLarderError(error) ? inFlags(error, model, flags) : error;
      });
    const shown = out.json || answer.features === undefined ? new Map() : await fields();
    out.answer(answer, () => printPrediction(answer, shown, out));
    return DONE;
  },
});
