import type { Chained } from './chain-problems.ts';
import { viewRef, type FeatureViewManifest } from './manifest.ts';
import { parentsOf } from './parents-of.ts';

/**
 * What is computed before a view, and the view itself: references in steps, each of which reads earlier ones alone. One
 * step: it is computed from no other view. A cycle is cut, which apply refuses.
 */
export function chainSteps(
  manifest: Chained,
  view: Pick<FeatureViewManifest, 'name' | 'version'>,
): readonly (readonly string[])[] {
  const depths = new Map<string, number>();
  const waiting = new Set<string>();
  const depthOf = (ref: string): number => {
    const known = depths.get(ref);
    if (known !== undefined || waiting.has(ref)) return known ?? 0;
    waiting.add(ref);
    const found = manifest.feature_views[ref];
    const parents = found === undefined ? [] : parentsOf(manifest, found).map(viewRef);
    const depth = Math.max(-1, ...parents.map(depthOf)) + 1;
    depths.set(ref, depth);
    return depth;
  };
  const last = depthOf(viewRef(view));
  return Array.from({ length: last + 1 }, (_, step) =>
    [...depths].filter(([, depth]) => depth === step).map(([ref]) => ref),
  );
}
