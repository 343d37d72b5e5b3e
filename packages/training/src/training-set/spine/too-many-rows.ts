import { LarderError } from '@larder/core';

/** For a service, which builds for many callers. */
export function tooManyRows(called: string, rows: number, maxRows: number): LarderError {
  return new LarderError(
    'SPINE_INVALID',
    `${called} has ${rows} rows; the service takes at most ${maxRows} (LARDER_TRAINING_SETS_ROWS). Send fewer rows, or build the set with larder training-set build.`,
  );
}
