import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LarderError } from '@larder/core';
import type { Computation, FieldValue } from '@larder/features';
import { readArtifactJson, worstDifference } from '@larder/model-runtime';
import { z } from 'zod';

/** `golden.json` of an artifact behind a view: source rows with the features that they must give. docs/reference/artifact.md */
const goldenInputs = z.strictObject({
  format: z.literal(1),
  rows: z.array(z.record(z.string(), z.unknown())).min(1),
  outputs: z.record(z.string(), z.array(z.unknown())),
  tolerance: z.number().positive().default(1e-4),
});
/** A file with other members belongs to the computation, which reads it itself. */
const anyGolden = z.looseObject({ rows: z.array(z.looseObject({})).optional() });
const TIMEOUT_MS = 60_000;

/**
 * Runs the golden inputs of an artifact through the view's own computation.
 * @throws ARTIFACT_INVALID, MODEL_GOLDEN_MISMATCH
 */
export async function checkGoldenInputs(computation: Computation, folder: string): Promise<void> {
  const path = join(folder, 'golden.json');
  if (!existsSync(path)) return;
  const { rows: own } = await readArtifactJson(path, anyGolden);
  if (own === undefined) return;
  const { rows, outputs, tolerance } = await readArtifactJson(path, goldenInputs);
  const outcomes = await computation.compute(rows, AbortSignal.timeout(TIMEOUT_MS));
  for (const [index, outcome] of outcomes.entries()) {
    const mismatch = (detail: string): LarderError =>
      new LarderError(
        'MODEL_GOLDEN_MISMATCH',
        `${path}: row ${index}: ${detail}. Write the artifact and golden.json again, together.`,
      );
    if ('failure' in outcome) throw mismatch(`the computation failed: ${outcome.failure.reason}`);
    for (const [feature, values] of Object.entries(outputs)) {
      const expected = values[index];
      const actual = outcome.values[feature];
      if (!agrees(actual, expected, tolerance))
        throw mismatch(
          `${feature} is ${shown(expected)}; here the computation returns ${shown(actual)} (tolerance ${tolerance})`,
        );
    }
  }
}

function agrees(actual: FieldValue | null | undefined, expected: unknown, tolerance: number): boolean {
  if (typeof expected === 'number' || Array.isArray(expected)) {
    const numbers = [expected].flat() as number[];
    const got =
      typeof actual === 'object' && actual !== null ? (actual as ArrayLike<number>) : [Number(actual)];
    return got.length === numbers.length && worstDifference(got, numbers, tolerance) === null;
  }
  if (expected === null) return actual === null;
  return shown(actual) === shown(expected);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (ArrayBuffer.isView(value)) return `[${(value as Float32Array).slice(0, 4).join(', ')}, …]`;
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));
}
