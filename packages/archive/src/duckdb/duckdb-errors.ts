import { LarderError } from '@larder/core';

/** Message of `connection.interrupt()`; the caller knows why it interrupted. */
export const INTERRUPTED = /^INTERRUPT Error/;
const OUT_OF_MEMORY = /^Out of Memory Error|No space left on device|Disk quota exceeded/;
/** What DuckDB reports about the content of a file or a value, with the class of the exception in front. */
const UNREADABLE = /^(Conversion|Invalid Input|IO|Invalid|Serialization|Out of Range) (Input )?Error: (.*)/s;
/** DuckDB's advice names its own options, which nobody here can set. */
const ADVICE =
  /\n\s*(Possible (fixes|solutions):|This type was|Column .* is being converted|The search space used|LINE \d+:|  file ?=).*/s;
const MAX_LENGTH = 400;

/**
 * Translates what DuckDB throws. Everything that is not the fault of a file or of the limits is returned as it is: our
 * SQL is wrong.
 * @param what what was being done, as the start of a sentence: `Reading spine.csv`
 */
export function duckdbError(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  if (OUT_OF_MEMORY.test(error.message))
    return new LarderError(
      'WORK_MEMORY_EXCEEDED',
      `${what} needs more than the memory or the temporary disk space that it may use: ${said(error.message)}`,
      { cause: error },
    );
  const unreadable = UNREADABLE.exec(error.message)?.[3];
  if (unreadable === undefined) return error;
  return new LarderError('DATA_FILE_INVALID', `${what} failed: ${said(unreadable)}`, { cause: error });
}

function said(message: string): string {
  const text = message
    .replace(ADVICE, '')
    .replace(/\s*\n\s*/g, '; ')
    .trim();
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
