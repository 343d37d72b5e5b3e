import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { z } from 'zod';
import { worstDifference } from './golden-difference.ts';
import { equalLists, sideBySide, type ModelDefinition } from './model-signature.ts';
import { readArtifactJson } from './read-artifact-json.ts';
import type { RunModel } from '../session/run-model.ts';

/** `golden.json` of a tabular model: rows with the scores that the training script computed. docs/reference/artifact.md. */
const goldenRows = z.strictObject({
  format: z.literal(1),
  features: z.array(z.string()),
  /** One number per column of the tensor; null where the value is missing. */
  rows: z.array(z.array(z.number().nullable())).min(1),
  outputs: z.record(z.string(), z.array(z.number())),
  tolerance: z.number().positive().default(1e-5),
});

/** The golden rows as the tensor that a request would bring. */
export interface GoldenRows extends z.output<typeof goldenRows> {
  readonly path: string;
  readonly tensor: Float32Array;
}

/**
 * Reads an artifact's `golden.json` and checks its shape against the definition; nulls become `missing`.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH
 */
export async function readGoldenRows(
  artifactPath: string,
  definition: ModelDefinition,
  missing: number,
): Promise<GoldenRows> {
  const path = join(artifactPath, 'golden.json');
  const golden = await readArtifactJson(path, goldenRows, formOf(definition));
  if (!equalLists(definition.features, golden.features)) {
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${path} has other features than the definition (right column: golden.json).\n` +
        sideBySide(definition.features, golden.features),
    );
  }
  const wrongRow = golden.rows.findIndex((row) => row.length !== definition.width);
  if (wrongRow >= 0) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: row ${wrongRow} has ${golden.rows[wrongRow]?.length} numbers; the features take ${definition.width} columns.`,
    );
  }
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
  const tensor = Float32Array.from(golden.rows.flat(), (value) => value ?? missing);
  return { ...golden, path, tensor };
}

/** @throws MODEL_GOLDEN_MISMATCH with the worst score. */
export async function checkGoldenRows(golden: GoldenRows, run: RunModel): Promise<void> {
  const actual = await run(golden.tensor, golden.rows.length);
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

function formOf({ features, width, outputs }: ModelDefinition): string {
  const scores = outputs.map((field) => `"${field}": [a score for each row]`);
  return (
    'rows of the data with the scores that the training script computes, ' +
    `{"format": 1, "features": ${JSON.stringify(features)}, "rows": [[${width} numbers], …], "outputs": {${scores.join(', ')}}}`
  );
}
