import { isDeepStrictEqual } from 'node:util';
import { viewFingerprint, type Manifest, type SourceManifest } from '@larder/features';
import { isSameSource } from '@larder/sources';

/** Sources on record, by view: an applied manifest, or all view versions that were ever applied. */
export interface RecordedViews {
  readonly feature_views: Readonly<Record<string, { readonly source: SourceManifest }>>;
}

/** The manifest with the source on record wherever it reads the same rows: formatting a query changes nothing. */
export function alignSources(recorded: RecordedViews | null, manifest: Manifest): Manifest {
  const views = Object.entries(manifest.feature_views).map(([ref, view]) => {
    const source = recorded?.feature_views[ref]?.source;
    const entity = manifest.entities[view.entity];
    if (source === undefined || entity === undefined || isDeepStrictEqual(source, view.source))
      return [ref, view];
    if (!isSameSource(source, view.source)) return [ref, view];
    return [ref, { ...view, source, fingerprint: viewFingerprint(entity, { ...view, source }) }];
  });
  return { ...manifest, feature_views: Object.fromEntries(views) as Manifest['feature_views'] };
}
