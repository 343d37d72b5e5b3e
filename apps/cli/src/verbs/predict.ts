import { systemClock } from '@larder/core';
import { createPredictor, loadRunner } from '@larder/serving';
import { z } from 'zod';
import { printPrediction } from '../predict/print-prediction.ts';
import { bodyOf, inputFlags, optionOf } from '../predict/input-flags.ts';
import { predictionAnswer } from '../predict/prediction-answer.ts';
import { servedPlan } from '../predict/served-plan.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

/** A cold process first loads, connects and compiles: the model's own deadline is meant for the service. */
const DEADLINE_MS = 10_000;

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
prediction is not logged. larder predict MODEL --help lists the model's inputs. Without --version,
the version answers that the alias champion points to.

Example:
  larder predict ad_ctr --ad_id ad-42 --requested_at 2026-11-20T09:30:00Z --bid 1.2 --features`,
      );
  },
  async describeLate(command, { session, operands: [model], options: { version }, help }) {
    if (model === undefined) return;
    try {
      const plan = await servedPlan(session, { model, version: version as string | undefined });
      for (const flag of inputFlags(plan, OWN_OPTIONS)) command.addOption(optionOf(flag));
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
    const plan = await servedPlan(session, { model, version });
    const flags = inputFlags(plan, OWN_OPTIONS);
    const artifacts = await session.artifacts();
    const runner = await loadRunner({
      folder: await artifacts.folder(plan.model.artifact.sha256),
      model: plan.model,
      width: plan.width,
      tensors: plan.tensors,
      placement: 'inline',
    });
    try {
      const predictor = createPredictor({
        plan,
        onlineStore: await session.onlineStore(),
        runner,
        predictionLog: null,
        clock: systemClock,
      });
      const predictions = await predictor.predict({
        rows: [bodyOf(flags, options)],
        deadlineMs: DEADLINE_MS,
        features,
        mode,
      });
      const answer = predictionAnswer(predictions, { model, version: plan.version, flags });
      out.answer(answer, () => printPrediction(answer, plan, out));
      return DONE;
    } finally {
      await runner.close();
    }
  },
});
