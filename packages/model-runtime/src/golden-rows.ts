import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { z } from 'zod';
import { equalLists, sideBySide, type ModelDefinition } from './model-signature.ts';

/** `golden.json` of a tabular model: rows with the scores that the trainer itself gave them. docs/reference/artifact.md. */
const goldenRows = z.strictObject({
  format: z.literal(1),
  features: z.array(z.string()),
  /** One number per column of the tensor; null where the value is missing. */
  rows: z.array(z.array(z.number().nullable())).min(1),
  outputs: z.record(z.string(), z.array(z.number())),
  tolerance: z.number().positive().default(1e-5),
});

export type GoldenRows = z.output<typeof goldenRows>;

/**
 * Reads an artifact's `golden.json` and holds its shape against the definition.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH
 */
export async function readGoldenRows(artifactPath: string, definition: ModelDefinition): Promise<GoldenRows> {
  const path = join(artifactPath, 'golden.json');
  const golden = await readArtifactJson(path, goldenRows);
  if (!equalLists(definition.features, golden.features)) {
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${path} is about other features than the definition lists (right column: golden.json).\n` +
        sideBySide(definition.features, golden.features),
    );
  }
  const wrongRow = golden.rows.findIndex((row) => row.length !== definition.width);
  if (wrongRow >= 0) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: row ${wrongRow} has ${golden.rows[wrongRow]?.length} numbers, the features take ${definition.width} columns.`,
    );
  }
  const unknown = Object.keys(golden.outputs).find((field) => !definition.outputs.includes(field));
  if (unknown !== undefined) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: outputs.${unknown} is no output of the definition; it has ${definition.outputs.join(', ')}.`,
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
  return golden;
}

/**
 * Reads one JSON file of an artifact folder.
 * @throws ARTIFACT_INVALID when it is missing or does not fit, naming the first misfit.
 */
export async function readArtifactJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LarderError('ARTIFACT_INVALID', `${path} cannot be read; the training script must write it.`, {
      cause,
    });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LarderError('ARTIFACT_INVALID', `${path} is not JSON; write it again.`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LarderError(
    'ARTIFACT_INVALID',
    `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}.`,
  );
}

/** A score that the model gave elsewhere and not here. */
export interface GoldenDifference {
  readonly index: number;
  readonly expected: number;
  readonly actual: number;
}

/** The worst value beyond the tolerance, which is absolute for values up to 1 and relative above; null when all agree. */
export function worstDifference(
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
): GoldenDifference | null {
  let worst: GoldenDifference | null = null;
  let worstExcess = 1;
  for (const [index, value] of expected.entries()) {
    const got = actual[index] ?? Number.NaN;
    const excess = Math.abs(got - value) / (tolerance * Math.max(1, Math.abs(value)));
    const beyond = Number.isNaN(excess) ? Infinity : excess;
    if (beyond <= worstExcess) continue;
    worst = { index, expected: value, actual: got };
    worstExcess = beyond;
  }
  return worst;
}
