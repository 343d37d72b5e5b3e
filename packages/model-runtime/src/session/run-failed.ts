import { LarderError } from '@larder/core';

/** An error that callers of the model see: `name` is the model's, never a path. */
export function runFailed(name: string, problem: string, cause?: unknown): LarderError {
  return new LarderError('MODEL_RUN_FAILED', `The model ${name} could not be run: ${problem}.`, { cause });
}
