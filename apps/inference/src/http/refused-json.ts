import type { ErrorDetail } from '@larder/core';

interface Refused {
  /** Index in the request. */
  readonly index: number;
  readonly code: string;
  readonly errors: readonly ErrorDetail[];
}

/** What a request had that was not taken, as the contracts have it. */
export function refusedJson(refused: readonly Refused[]) {
  return refused.map(({ index, code, errors }) => ({ index, code, errors: [...errors] }));
}
