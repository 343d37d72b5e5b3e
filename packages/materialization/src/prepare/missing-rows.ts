import type { EntityManifest } from '@larder/features';
import type { LandedFailure } from '../runs/index.ts';
import type { KeyTexts, SourceBounds } from '@larder/sources';
import { entityKeyOfTexts } from '@larder/online-store';

/** Rows that a chunk found: the keys of valid ones, and of those that were refused. */
interface FoundRows {
  readonly rows: readonly { readonly keyTexts: KeyTexts }[];
  readonly failures: readonly { readonly keys: readonly string[] | null }[];
}

/** Returns a failure for each key that was requested by name and has no source row. */
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
      reason: `The source has no row for ${entity.name} ${entityKeyOfTexts(entity, keys)}.`,
      retryable: false,
    }));
}

function identity(keys: readonly string[]): string {
  return JSON.stringify(keys);
}
