import { LarderError } from '@larder/core';
import { beyond } from '../scopes/grants.ts';

/** Who creates or rotates a key. */
export interface Grantor {
  readonly actor: string;
  /** What it may hand on; null: everything, on the command line with the database. */
  readonly granted: ReadonlySet<string> | null;
}

/** A key hands on only what it has. @throws SCOPE_MISSING that names what it lacks */
export function handOn({ granted }: Grantor, wanted: Iterable<string>): void {
  const missing = granted === null ? [] : beyond(granted, wanted);
  if (missing.length === 0) return;
  throw new LarderError(
    'SCOPE_MISSING',
    `A key hands on only scopes that it has itself; this one lacks ${missing.join(', ')}.`,
  );
}
