import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { z } from 'zod';
import { worstDifference } from './golden-difference.ts';
import { artifactRows, feedArtifactRows, type FedRows } from './artifact-rows.ts';
import type { ModelDefinition, ModelSignature } from './model-signature.ts';
import { readArtifactJson } from './read-artifact-json.ts';
import type { RunModel } from '../session/run-model.ts';

/** `golden.json` of a tabular model: rows with the scores that the training script computed. docs/reference/artifact.md. */
const goldenRows = z.strictObject({
  ...artifactRows,
  outputs: z.record(z.string(), z.array(z.number())),
  tolerance: z.number().positive().default(1e-5),
});

/** The golden rows as a request would bring them. */
export interface GoldenRows extends z.output<typeof goldenRows>, FedRows {}

/**
 * Reads an artifact's `golden.json` and checks its shape against the definition; nulls become `missing`.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH
 */
export async function readGoldenRows(
  artifactPath: string,
  definition: ModelDefinition,
  { inputs }: Pick<ModelSignature, 'inputs'>,
): Promise<GoldenRows> {
  const path = join(artifactPath, 'golden.json');
  const golden = await readArtifactJson(path, goldenRows, formOf(definition));
  const fed = feedArtifactRows(path, golden, { definition, inputs });
  const unknown = Object.keys(golden.outputs).find((field) => !definition.outputs.includes(field));
  if (unknown !== undefined) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: outputs.${unknown} is not an output of the definition; its outputs are ${definition.outputs.join(', ')}.`,
    );
  }
  for (const field of definition.outputs) {
    if (golden.outputs[field]?.length !== golden.rows.length) {
      throw new LarderError(
        'ARTIFACT_INVALID',
        `${path}: outputs.${field} must hold one score for each of the ${golden.rows.length} rows.`,
      );
    }
  }
  return { ...golden, ...fed };
}

/** @throws MODEL_GOLDEN_MISMATCH with the worst score. */
export async function checkGoldenRows(golden: GoldenRows, run: RunModel): Promise<void> {
  const actual = await run(golden.feed, golden.rows.length);
  for (const [field, expected] of Object.entries(golden.outputs)) {
    const worst = worstDifference(actual[field] ?? [], expected, golden.tolerance);
    if (worst === null) continue;
    throw new LarderError(
      'MODEL_GOLDEN_MISMATCH',
      `${golden.path}: row ${worst.index} has ${field} = ${worst.expected}; here the model returns ${worst.actual} ` +
        `(tolerance ${golden.tolerance}). Write model.onnx and golden.json again, together.`,
    );
  }
}

function formOf({ features, width, outputs, inputs }: ModelDefinition): string {
  const scores = outputs.map((field) => `"${field}": [a score for each row]`);
  const byName = inputs?.map(({ name, features: own }) => [name, own.map(({ ref }) => ref)] as const);
  const listed = JSON.stringify(byName === undefined ? features : Object.fromEntries(byName));
  const row = byName === undefined ? `[${width} numbers]` : '{the values of each input by its name}';
  return (
    'rows of the data with the scores that the training script computes, ' +
    `{"format": 1, "features": ${listed}, "rows": [${row}, …], "outputs": {${scores.join(', ')}}}`
  );
}
