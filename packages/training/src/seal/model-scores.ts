import { LarderError } from '@larder/core';
import { feedsOf, type Feed, type ModelInput, type Session } from '@larder/model-runtime';

/** One score per row for every output field. */
export type Scores = Readonly<Record<string, ArrayLike<number>>>;

export interface ScoredModel {
  readonly session: Session;
  readonly modelPath: string;
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly string[];
}

/** @throws MODEL_SIGNATURE_MISMATCH when the model does not take the rows */
export async function runtimeScores(
  { session, modelPath, inputs, outputs }: ScoredModel,
  feed: Feed,
  rows: number,
): Promise<Scores> {
  const answer = await session.run(feedsOf(inputs, feed, rows)).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    const width = inputs.reduce((sum, input) => sum + input.width, 0);
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${modelPath} does not take the ${width} columns of the training set's features: ${why}`,
      { cause },
    );
  });
  const [only] = Object.values(answer);
  return Object.fromEntries(
    outputs.map((field, column) => [
      field,
      answer[field]?.data ??
        Float32Array.from(
          { length: rows },
          (_, row) => only?.data[row * outputs.length + column] ?? Number.NaN,
        ),
    ]),
  );
}

/** The outputs that can be fields: float32 [N] or [N, 1]. @throws MODEL_SIGNATURE_MISMATCH without any */
export function floatOutputs({ outputs }: Session, modelPath: string): string[] {
  const single = (shape: readonly (number | null)[]): boolean =>
    shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  const found = outputs.filter(({ type, shape }) => type === 'float32' && single(shape));
  if (found.length > 0) return found.map(({ name }) => name);
  throw new LarderError(
    'MODEL_SIGNATURE_MISMATCH',
    `${modelPath} has no float32 output [N] or [N, 1]; name the output fields of the model's definition.`,
  );
}

/** Scores as JSON holds them. @throws ARTIFACT_INVALID for NaN and infinities */
export function jsonScores(scores: Scores): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(scores).map(([field, values]) => {
      const numbers = Array.from(values, Number);
      if (numbers.every(Number.isFinite)) return [field, numbers];
      throw new LarderError(
        'ARTIFACT_INVALID',
        `The scores of ${field} are not all finite; golden.json cannot hold NaN or infinity.`,
      );
    }),
  );
}
