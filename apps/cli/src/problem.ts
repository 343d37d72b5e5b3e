import { inspect } from 'node:util';
import { ERRORS, exitCodeOf, LarderError, toLarderError } from '@larder/core';
import type { Problem } from '@larder/contracts';
import { CommanderError } from 'commander';
import type { Output } from './output/output.ts';

export const DONE = 0;
export const FAILED = 1;
/** With `--exit-code` of plan and apply: there are changes. */
export const CHANGED = 3;

/** A problem (RFC 9457) as in the HTTP API; only one that a service gave has a request id. */
export function problemOf(
  error: LarderError,
): Omit<Problem, 'request_id'> & Partial<Pick<Problem, 'request_id'>> {
  const { status, title, retryable } = ERRORS[error.code];
  return {
    type: `urn:larder:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    retryable,
    ...(error.requestId !== undefined && { request_id: error.requestId }),
    ...(error.errors.length > 0 && { errors: [...error.errors] }),
  };
}

/** Reports an error and returns the exit code: text on stderr, or with `--json` a problem on stdout. */
export function reportError(thrown: unknown, out: Output): number {
  const error = shownError(thrown);
  out.answer(problemOf(error), () => showError(error, out));
  return exitCodeOf(error.code);
}

export function showError(error: LarderError, out: Output): void {
  out.note(`${out.style.red(titleOf(error))} ${out.style.dim(`(${error.code})`)}`);
  out.note(error.message);
  for (const { pointer, detail } of error.errors)
    if (!error.message.includes(detail) && !error.message.includes(pointer.slice(1)))
      out.note(`  ${pointer} ${detail}`);
  if (error.requestId !== undefined) out.note(out.style.dim(`Request ${error.requestId}`));
}

/** The title for requests makes no sense on a command line. */
function titleOf({ code }: LarderError): string {
  return code === 'REQUEST_INVALID' ? 'Wrong usage' : ERRORS[code].title;
}

/** At a terminal there is no log to look into: the cause is shown, with its stack if it is a bug of ours. */
export function shownError(thrown: unknown): LarderError {
  if (thrown instanceof CommanderError) return notParsed(thrown);
  const error = toLarderError(thrown);
  if (error.code !== 'INTERNAL' || error.cause === undefined) return error;
  const { cause } = error;
  return new LarderError(
    'INTERNAL',
    cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause),
    { cause },
  );
}

/** Commander's message and hint, in our format. */
function notParsed(error: CommanderError): LarderError {
  const [what = '', hint = ''] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${what[0]?.toUpperCase()}${what.slice(1).replace(/\.$/, '')}.`;
  const help = 'See: larder --help, or larder VERB --help';
  return new LarderError('REQUEST_INVALID', [sentence, ...(hint === '' ? [] : [hint]), help].join('\n'));
}
