import { LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type FieldManifest, type Manifest } from '@larder/features';

export interface ComparableViews {
  readonly before: FeatureViewManifest;
  readonly after: FeatureViewManifest;
  /** In both, with the same type. */
  readonly common: readonly FieldManifest[];
  /** Names of features that only one of them has, or whose type changed. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly retyped: readonly string[];
}

/** @throws VIEW_NOT_FOUND, REQUEST_INVALID when the two have different entities, or windows */
export function comparableViews(manifest: Manifest, refs: readonly [string, string]): ComparableViews {
  const [before, after] = refs.map((ref) => {
    const view = Object.hasOwn(manifest.feature_views, ref) ? manifest.feature_views[ref] : undefined;
    if (view !== undefined) return view;
    const known = Object.keys(manifest.feature_views).join(', ') || 'none';
    throw new LarderError('VIEW_NOT_FOUND', `No view version ${ref} is applied; there are: ${known}.`);
  }) as [FeatureViewManifest, FeatureViewManifest];
  const windowed = [before, after].find((view) => view.windowed !== undefined);
  if (windowed !== undefined)
    throw new LarderError(
      'REQUEST_INVALID',
      `${viewRef(windowed)} is a windowed view, which has no rows to compare. Build a training set with both versions: larder training-set build --features ${viewRef(before)},${viewRef(after)}.`,
    );
  if (before.entity !== after.entity)
    throw new LarderError(
      'REQUEST_INVALID',
      `${viewRef(before)} describes ${before.entity} and ${viewRef(after)} describes ${after.entity}; only views of one entity can be compared.`,
    );
  const was = new Map(before.schema.map((field) => [field.name, field]));
  const now = new Map(after.schema.map((field) => [field.name, field]));
  const both = before.schema.filter(({ name }) => now.has(name));
  const common = both.filter((field) => sameType(field, now.get(field.name)));
  return {
    before,
    after,
    common,
    added: [...now.keys()].filter((name) => !was.has(name)),
    removed: [...was.keys()].filter((name) => !now.has(name)),
    retyped: both.filter((field) => !common.includes(field)).map(({ name }) => name),
  };
}

export function sameType(one: FieldManifest, other: FieldManifest | undefined): boolean {
  return one.type === other?.type && one.length === other.length;
}
