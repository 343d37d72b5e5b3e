import { fingerprint } from '../manifest/canonical-json.ts';
import type { CodeSources } from './code-unit.ts';

/** The identity that this release gives to stored sources: equal to `CodeUnit.identity` when the code is the same. */
export function identityOfSources(sources: CodeSources): Promise<string> {
  return Promise.resolve(fingerprint(sources));
}
