import { isLarderError } from '@larder/core';

export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly check: string;
  readonly detail: string;
  /** What to do about it; null when there is nothing to do. */
  readonly mend: string | null;
}

export function ok(check: string, detail: string): Finding {
  return { status: 'ok', check, detail, mend: null };
}

export function warn(check: string, detail: string, mend: string): Finding {
  return { status: 'warn', check, detail, mend };
}

export function fail(check: string, detail: string, mend: string): Finding {
  return { status: 'fail', check, detail, mend };
}

/** Runs a check; anything it throws becomes a finding, so that one fault does not hide the others. */
export async function finding(check: string, mend: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const code = isLarderError(error) ? `${error.code}: ` : '';
    return fail(check, `${code}${error instanceof Error ? error.message : String(error)}`, mend);
  }
}
