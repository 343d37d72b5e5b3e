import { ERRORS, isLarderError, LarderError, type ErrorCode } from './errors.ts';

/** Codes that mean: the command or its configuration is wrong, and nothing was tried. */
const WRONG_USAGE: ReadonlySet<string> = new Set<ErrorCode>(['REQUEST_INVALID', 'CONFIGURATION_INVALID']);

export interface StartFailure {
  /** `REDIS_POLICY_WRONG: …`, with what to do; the stack only of a defect of ours. */
  readonly text: string;
  /** 2: wrong usage or configuration; 1: anything else. */
  readonly exitCode: 1 | 2;
}

/** Why a process does not start, as its last lines on stderr say it. `readStartFailure` reads them again. */
export function startFailure(error: unknown): StartFailure {
  if (!isLarderError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { text, exitCode: 1 };
  }
  const { code, message } = error;
  const details = error.errors
    .filter(({ detail }) => !message.includes(detail))
    .map(({ pointer, detail }) => `\n  ${pointer} ${detail}`);
  return { text: `${code}: ${message}${details.join('')}`, exitCode: exitCodeOf(code) };
}

/** Exit code of a command or process that ends with this error. */
export function exitCodeOf(code: ErrorCode): 1 | 2 {
  return WRONG_USAGE.has(code) ? 2 : 1;
}

const CODED = /^([A-Z][A-Z_]+): ([\s\S]*)$/;

/** The error behind the text of a start failure, with `note` after it; null when the text has no code. */
export function readStartFailure(text: string, note: string): LarderError | null {
  const [, code = '', message = ''] = CODED.exec(text) ?? [];
  if (!Object.hasOwn(ERRORS, code)) return null;
  return new LarderError(code as ErrorCode, `${message}\n${note}`);
}
