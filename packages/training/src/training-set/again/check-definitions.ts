import { LarderError } from '@larder/core';
import { viewRef, type Manifest } from '@larder/features';
import type { ResolvedFeatures } from '../features/resolve-features.ts';
import type { TrainingSetManifest } from '../training-set-manifest.ts';

/** @throws TRAINING_SET_CHANGED where a view or an on-demand function is not the one of the manifest */
export function checkDefinitions(
  again: TrainingSetManifest,
  { groups, onDemand }: ResolvedFeatures,
  definitions: Manifest,
): void {
  const views = groups.flatMap((group) => group.views.map(({ view }) => view));
  const changed = [
    ...again.views
      .filter(
        ({ ref, fingerprint }) => views.find((view) => viewRef(view) === ref)?.fingerprint !== fingerprint,
      )
      .map(({ ref }) => `the feature view ${ref}`),
    ...again.on_demand
      .filter(({ name, code }) => definitions.on_demand_feature_views[name]?.code_sha256 !== code)
      .map(({ name }) => `the on-demand feature view ${name}`),
  ];
  if (
    changed.length === 0 &&
    views.length === again.views.length &&
    onDemand.views.length === again.on_demand.length
  )
    return;
  throw setChanged(again, `${changed.join(', ') || 'the list of views'} is not as it was`);
}

export function setChanged(again: TrainingSetManifest, what: string): LarderError {
  return new LarderError(
    'TRAINING_SET_CHANGED',
    `The training set ${again.training_set_id} cannot be built again: ${what}.`,
  );
}
