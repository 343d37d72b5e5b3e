import { LarderError } from '@larder/core';

export function impossible(subject: string, reason: string): LarderError {
  return new LarderError(
    'BUNDLE_IMPOSSIBLE',
    `${subject} cannot be bundled for serving: ${reason.replace(/\.?$/, '.')}`,
  );
}
