import type { EntityManifest } from '@larder/features';
import type { LandedFailure } from '../runs/index.ts';
import type { KeyTexts, SourceBounds } from '@larder/sources';
import { entityKeyOfTexts } from '@larder/online-store';

/** Rows that a chunk found: the keys of valid ones, and of those that were refused. */
interface FoundRows {
  readonly rows: readonly { readonly keyTexts: KeyTexts }[];
  readonly failures: readonly { readonly keys: readonly string[] | null }[];
}

/** The keys that the source returned, once each; rows without a readable key aside. */
export function seenKeys({ rows, failures }: FoundRows): KeyTexts[] {
  const all = [
    ...rows.map(({ keyTexts }) => keyTexts),
    ...failures.flatMap(({ keys }) => (keys ? [keys] : [])),
  ];
  return [...new Map(all.map((keys) => [identity(keys), keys])).values()];
}

/** The keys that were requested by name and have no source row. */
export function missingKeys(bounds: SourceBounds, found: FoundRows): readonly KeyTexts[] {
  if (bounds.kind !== 'keys') return [];
  const present = new Set(seenKeys(found).map(identity));
  return bounds.keys.filter((keys) => !present.has(identity(keys)));
}

/** A failure for each of them. */
export function missingRows(missing: readonly KeyTexts[], entity: EntityManifest): LandedFailure[] {
  return missing.map((keys) => ({
    entityKey: entityKeyOfTexts(entity, keys),
    keys,
    eventTimestampMs: null,
    code: 'SOURCE_ROW_NOT_FOUND',
    reason: `The source has no row for ${entity.name} ${entityKeyOfTexts(entity, keys)}.`,
    retryable: false,
  }));
}

function identity(keys: readonly string[]): string {
  return JSON.stringify(keys);
}
