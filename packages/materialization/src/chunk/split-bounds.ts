import type { EntityManifest, SourceRow } from '@larder/features';
import type { KeyTexts, SourceBounds, SourceChunk } from '@larder/sources';

const PARTS = 10;

/**
 * Splits the chunk's rows, in scan order, into up to ten parts; all rows of a key stay together. Fewer than two parts:
 * it cannot be split.
 */
export function splitBounds(
  bounds: SourceBounds,
  rows: readonly SourceRow[],
  { join_keys: joinKeys }: EntityManifest,
): SourceChunk[] {
  if (bounds.kind === 'null_keys') return [];
  if (bounds.kind === 'keys')
    return parts(bounds.keys).map((keys) => ({ bounds: { ...bounds, keys }, rows: keys.length }));
  const byKey: { readonly key: KeyTexts; rows: number }[] = [];
  for (const row of rows) {
    const key = joinKeys.map(({ name }) => exactText(row[name]));
    const last = byKey.at(-1);
    if (!isTexts(key)) return [];
    if (last && last.key.every((text, at) => text === key[at])) last.rows++;
    else byKey.push({ key, rows: 1 });
  }
  return parts(byKey).map((keys, at, all) => {
    const count = keys.reduce((sum, key) => sum + key.rows, 0);
    return {
      bounds: {
        ...bounds,
        lower: keys[0]?.key ?? bounds.lower,
        upper: keys.at(-1)?.key ?? bounds.upper,
        // A limit may cut off rows of the last key.
        maxRows: bounds.maxRows !== null && at === all.length - 1 ? count : null,
      },
      rows: count,
    };
  });
}

function parts<T>(items: readonly T[]): T[][] {
  const size = Math.ceil(items.length / PARTS);
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}

/** Null for values whose text may be inexact: a `Date` has no microseconds. */
function exactText(value: unknown): string | null {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : null;
}

function isTexts(texts: readonly (string | null)[]): texts is readonly string[] {
  return !texts.includes(null);
}
