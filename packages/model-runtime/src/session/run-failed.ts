import { LarderError } from '@larder/core';

/** An error for callers of the model: `name` is the name of the model, never a path. */
export function runFailed(name: string, problem: string, cause?: unknown): LarderError {
  return new LarderError('MODEL_RUN_FAILED', `The model ${name} could not be run: ${problem}.`, { cause });
}
