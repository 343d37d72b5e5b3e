import { chainSteps, parentsOf, type Manifest } from '@larder/features';
import type { Change } from '@larder/registry';
import type { Output } from './output.ts';

/** One line for each view of the changes that is computed from others: what comes before it, in order; shorter chains first. */
export function printChains(
  changes: readonly Change[],
  { manifest, out }: { readonly manifest: Pick<Manifest, 'feature_views'>; readonly out: Output },
): void {
  const subjects = new Set(changes.map(({ subject }) => subject));
  const chained = Object.entries(manifest.feature_views)
    .filter(([ref, view]) => subjects.has(`view ${ref}`) && parentsOf(view).length > 0)
    .map(([, view]) => chainSteps(manifest, view))
    .toSorted((one, other) => one.length - other.length);
  for (const steps of chained) out.line(`  chain ${steps.map((refs) => refs.join(', ')).join(' → ')}`);
}
