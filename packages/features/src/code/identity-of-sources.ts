import { openSources } from './stored-sources.ts';
import type { CodeSources } from './code-unit.ts';

/** The identity that this release gives to stored sources: equal to `CodeUnit.identity` when the code is the same. */
export async function identityOfSources(sources: CodeSources): Promise<string> {
  return (await openSources(sources)).slice.identity;
}
