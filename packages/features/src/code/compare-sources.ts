import type { CodeSources } from './code-unit.ts';

/** What differs, a line each: 'function rate in src/rate.ts changed', 'src/scale.ts is imported now'. */
export function compareSources(was: CodeSources, now: CodeSources): string[] {
  return Object.keys(now.modules)
    .filter((path) => was.modules[path] !== now.modules[path])
    .map((path) => `${path} changed`);
}
