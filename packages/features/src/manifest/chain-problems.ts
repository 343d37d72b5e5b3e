import { jsonPointer, type ErrorDetail } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from './manifest.ts';
import { parentsOf } from './parents-of.ts';

/** What tells which views are computed from which. */
export type Chained = Pick<Manifest, 'feature_views' | 'on_demand_feature_views' | 'models'>;

/** What is wrong with the views that are computed from other views: a cycle, or a view or feature that there is not. */
export function chainProblems(manifest: Chained): ErrorDetail[] {
  const errors: ErrorDetail[] = [];
  const views = manifest.feature_views;
  for (const [ref, view] of Object.entries(views)) {
    const pointer = jsonPointer(['feature_views', ref, 'source', 'views']);
    for (const parent of parentsOf(manifest, view)) {
      const read = views[viewRef(parent)];
      if (read === undefined)
        errors.push({ pointer, detail: `${ref} is computed from ${viewRef(parent)}, which there is not.` });
      else if (read.entity !== view.entity)
        errors.push({ pointer, detail: `${viewRef(parent)} has another entity than ${ref}.` });
      else
        for (const name of parent.features)
          if (!read.schema.some((field) => field.name === name))
            errors.push({ pointer, detail: `${viewRef(parent)} has no feature '${name}'.` });
    }
    const cycle = cycleFrom(ref, view, manifest);
    if (cycle !== null)
      errors.push({ pointer, detail: `is computed from itself: ${cycle.join(' → ')}. Break the cycle.` });
  }
  return errors;
}

/** The way from the view back to itself; null: there is none. */
function cycleFrom(start: string, view: FeatureViewManifest, manifest: Chained): readonly string[] | null {
  const seen = new Set<string>();
  const waiting = parentsOf(manifest, view).map((parent) => [start, viewRef(parent)]);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const ref = path.at(-1) as string;
    if (ref === start) return path;
    if (seen.has(ref)) continue;
    seen.add(ref);
    const next = manifest.feature_views[ref];
    for (const parent of next === undefined ? [] : parentsOf(manifest, next))
      waiting.push([...path, viewRef(parent)]);
  }
  return null;
}
