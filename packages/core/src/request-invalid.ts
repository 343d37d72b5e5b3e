import { LarderError, type ErrorDetail } from './errors.ts';

/** Most problems reported for one request: a hostile body must not produce a huge answer. */
export const MAX_PROBLEMS = 20;

/**
 * REQUEST_INVALID with the first 20 problems.
 * @param message one sentence for all of them. @default the first problem, and how many more there are
 */
export function requestInvalid(problems: readonly ErrorDetail[], message = firstOf(problems)): LarderError {
  return new LarderError('REQUEST_INVALID', message, { errors: problems.slice(0, MAX_PROBLEMS) });
}

function firstOf([first, ...rest]: readonly ErrorDetail[]): string {
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : '';
  return `${first?.pointer || 'The body'} ${first?.detail ?? 'is wrong'}${more}.`;
}
