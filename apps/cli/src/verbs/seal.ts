import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { shellWord, type LarderError } from '@larder/core';
import { readScores, sealArtifact, type Scores } from '@larder/training/seal';
import { z } from 'zod';
import { DONE } from '../problem.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const names = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine((list) => list.every((name) => name !== ''), 'must be names separated by commas');

const input = z
  .string()
  .regex(/^.+=.+$/s, 'must be like counts=ad_stats:clicks,ad_stats:impressions')
  .transform((text) => {
    const [, name = '', features = ''] = /^(.+?)=(.*)$/s.exec(text) ?? [];
    return [name, features.split(',').map((each) => each.trim())] as const;
  });

export const verb = defineVerb({
  describe(command) {
    command
      .argument('<folder>', 'folder of the model, with model.onnx')
      .requiredOption('--training-set <folder>', 'folder that larder training-set build wrote')
      .option('--scores <file>', "the trainer's own scores of the training set: .parquet, .csv or .jsonl")
      .option('--outputs <names>', 'output fields of the definition [float32 outputs of the model]')
      .option('--features <names>', "the model's features, in order [all of the training set]")
      .option(
        '--input <name=features>',
        'one of several inputs of the model, with its features in order; repeat it [those of the training set]',
        (given: string, before: readonly string[] | undefined) => [...(before ?? []), given],
      )
      .option('--missing <n>', "the definition's missing, when it is a number")
      .option('--training <file>', 'JSON object with more for training.json: metrics, parameters, commit')
      .addHelpText(
        'after',
        `
Completes the folder of a trained model: writes larder.features into model.onnx, and golden.json,
background.json and training.json beside it. Checks everything first as apply does, and changes nothing
when a check fails. The file of --scores has one row for every row of the training set (of its training
part), in the same order, and one column for every output. Without it, ONNX Runtime computes the golden
scores, and they do not verify that the model was converted correctly.

Example:
  larder seal models/ad_ctr --training-set sets/november --scores scores.csv --outputs ctr
  larder seal models/ad_kind --training-set sets/november --input counts=ad_stats:clicks --input note=ad_image:note`,
      );
  },
  input: z.object({
    folder: z.string(),
    trainingSet: z.string(),
    scores: z.string().optional(),
    outputs: names.optional(),
    features: names.optional(),
    input: z
      .array(input)
      .refine((list) => new Set(list.map(([name]) => name)).size === list.length, 'names an input twice')
      .transform(Object.fromEntries<string[]>)
      .optional(),
    missing: z.coerce.number('must be a number').optional(),
    training: z.string().optional(),
  }),
  async run({ out }, { folder, trainingSet, scores, training, outputs, features, input: inputs, missing }) {
    if (features !== undefined && inputs !== undefined)
      throw wrongUsage('seal', [
        { pointer: '--features', detail: 'is for one tensor; name either features or inputs' },
      ]);
    const sealed = await sealArtifact(folder, trainingSet, {
      outputs,
      features,
      inputs,
      missing,
      training: training === undefined ? undefined : await readObject(training),
      ...(scores !== undefined && {
        score: async (_rows, positions) => pick(await readScores(scores, positions), outputs),
      }),
    });
    const summary = {
      folder: resolve(folder),
      features: sealed.inputs ?? sealed.features,
      outputs: sealed.outputs,
      golden_rows: sealed.goldenRows,
      background_rows: sealed.backgroundRows,
      verified: sealed.verified,
    };
    out.answer(summary, () => {
      out.line(
        `${shellWord(folder)} is sealed: ${sealed.features.length} features, ${sealed.goldenRows} golden rows, ${sealed.backgroundRows} background rows.`,
      );
    });
    if (!sealed.verified)
      out.note(
        "The golden scores are those of ONNX Runtime; with --scores, the trainer's own verify the conversion.",
      );
    return DONE;
  },
});

/** A file of scores may have other columns, such as ids. */
function pick(scores: Scores, outputs: readonly string[] | undefined): Scores {
  if (outputs === undefined) return scores;
  return Object.fromEntries(Object.entries(scores).filter(([name]) => outputs.includes(name)));
}

async function readObject(path: string): Promise<Readonly<Record<string, unknown>>> {
  const refuse = (why: string): LarderError => wrongUsage('seal', [{ pointer: '--training', detail: why }]);
  const text = await readFile(path, 'utf8').catch(() => {
    throw refuse(`names ${shellWord(path)}, which cannot be read`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('must name a file with one JSON object');
  return value as Record<string, unknown>;
}
