import type { EntityManifest, Manifest } from '@larder/features';

/** Names of the views of an entity. */
export function definedViews(manifest: Manifest, entity: EntityManifest): string[] {
  return Object.values(manifest.feature_views)
    .filter((view) => view.entity === entity.name)
    .map(({ name }) => name);
}
