import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { z } from 'zod';
import { worstDifference } from './golden-difference.ts';
import { goldenFeed } from './golden-feed.ts';
import type { Feed } from '../session/feed.ts';
import { equalLists, sideBySide, type ModelDefinition, type ModelSignature } from './model-signature.ts';
import { readArtifactJson } from './read-artifact-json.ts';
import type { RunModel } from '../session/run-model.ts';

const values = z.array(z.union([z.number(), z.string(), z.boolean()]).nullable());

/** `golden.json` of a tabular model: rows with the scores that the training script computed. docs/reference/artifact.md. */
const goldenRows = z.strictObject({
  format: z.literal(1),
  /** Of a model with named inputs: by their names. */
  features: z.union([z.array(z.string()), z.record(z.string(), z.array(z.string()))]),
  /** One value per column of the tensor; null where the value is missing. Named inputs: by their names. */
  rows: z.array(z.union([values, z.record(z.string(), values)])).min(1),
  outputs: z.record(z.string(), z.array(z.number())),
  tolerance: z.number().positive().default(1e-5),
});

/** The golden rows as a request would bring them. */
export interface GoldenRows extends z.output<typeof goldenRows> {
  readonly path: string;
  readonly feed: Feed;
}

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
  const named = definition.inputs !== undefined;
  const listed =
    (named ? inputs.flatMap(({ name }) => listOf(golden.features, name)) : listOf(golden.features)) ?? [];
  if (!equalLists(definition.features, listed)) {
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${path} has other features than the definition (right column: golden.json).\n` +
        sideBySide(definition.features, listed),
    );
  }
  for (const { name, width } of inputs) {
    const lengths = golden.rows.map((row) => listOf(row, named ? name : undefined).length);
    const wrongRow = lengths.findIndex((length) => length !== width);
    if (wrongRow < 0) continue;
    const ofInput = named ? ` of the input ${name}` : '';
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: row ${wrongRow} has ${lengths[wrongRow]} ${named ? 'values' : 'numbers'}${ofInput}; the features take ${width} columns.`,
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
  try {
    return { ...golden, path, feed: goldenFeed(golden.rows, inputs, { named, missing: definition.missing }) };
  } catch (cause) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: a value of a row does not fit its input: ${String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** The list itself, or that of a named input; empty when it is of the other kind. */
function listOf<T>(
  lists: readonly T[] | Readonly<Record<string, readonly T[]>>,
  name?: string,
): readonly T[] {
  if (name === undefined) return Array.isArray(lists) ? (lists as readonly T[]) : [];
  return Array.isArray(lists) ? [] : ((lists as Readonly<Record<string, readonly T[]>>)[name] ?? []);
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
