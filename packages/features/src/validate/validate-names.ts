import { isName } from '@larder/core';
import type { Report } from './report.ts';

const NAME_RULE =
  'begin with a lower-case letter; then at most 39 lower-case letters, digits and underscores';

/** Columns that Larder adds beside features in history and training sets, and PostgreSQL's system columns. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'event_timestamp',
  'created_timestamp',
  'revision',
  'landed_at',
  'chunk_id',
  'input_hash',
  'run_id',
  'tableoid',
  'xmin',
  'cmin',
  'xmax',
  'cmax',
  'ctid',
]);

export function validateName(name: unknown, report: Report): void {
  if (typeof name !== 'string' || !isName(name))
    report([], `'${String(name)}' is not a valid name: ${NAME_RULE}.`);
}

/** Checks names that become columns. */
export function validateColumnName(name: string, report: Report): void {
  validateName(name, report);
  if (RESERVED_NAMES.has(name))
    report([], `'${name}' is a column that Larder or PostgreSQL reserves; choose another name.`);
}

/** Reports each name that several different definitions share. */
export function validateUnique(
  definitions: readonly { readonly key: string; readonly what: string }[],
  report: Report,
): void {
  const seen = new Set<string>();
  for (const { key, what } of definitions) {
    if (seen.has(key))
      report(
        [key],
        `${what} '${key}' is defined more than once; share one value, or use another name or version.`,
      );
    seen.add(key);
  }
}
