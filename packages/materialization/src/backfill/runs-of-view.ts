import { findFeatureView, type Manifest } from '@larder/features';
import type { ListRunsOptions } from '../runs/list/list-runs.ts';

/** Which runs a person means: `ad_image` of every version, `ad_image@1` of this one. @throws VIEW_NOT_FOUND */
export function runsOfView(
  manifest: Pick<Manifest, 'feature_views'>,
  name: string,
): Pick<ListRunsOptions, 'view' | 'version'> {
  const { name: view, version } = findFeatureView(manifest, name);
  return name.includes('@') ? { view, version } : { view };
}
