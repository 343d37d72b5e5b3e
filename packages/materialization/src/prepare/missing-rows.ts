import type { EntityManifest } from '@larder/features';
import type { LandedFailure } from '../runs/index.ts';
import type { KeyTexts, SourceBounds } from '@larder/sources';
import { entityKeyOfTexts } from '@larder/online-store';

/** What a chunk found of its rows: the keys of good ones, and of those that were refused. */
interface FoundRows {
  readonly rows: readonly { readonly keyTexts: KeyTexts }[];
  readonly failures: readonly { readonly keys: readonly string[] | null }[];
}

/** A failure for each key that was asked for by name and that the source has no row of. */
export function missingRows(bounds: SourceBounds, found: FoundRows, entity: EntityManifest): LandedFailure[] {
  if (bounds.kind !== 'keys') return [];
  const present = new Set(
    [...found.rows.map(({ keyTexts }) => keyTexts), ...found.failures.map(({ keys }) => keys ?? [])].map(
      identity,
    ),
  );
  return bounds.keys
    .filter((keys) => !present.has(identity(keys)))
    .map((keys) => ({
      entityKey: entityKeyOfTexts(entity, keys),
      keys,
      eventTimestampMs: null,
      code: 'SOURCE_ROW_NOT_FOUND',
      reason: `The source has no row of ${entity.name} ${entityKeyOfTexts(entity, keys)}.`,
      retryable: false,
    }));
}

function identity(keys: readonly string[]): string {
  return JSON.stringify(keys);
}
