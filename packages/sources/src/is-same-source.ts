import { isDeepStrictEqual } from 'node:util';
import type { SourceManifest } from '@larder/features';
import { SOURCE_KINDS } from './source-kinds.ts';

/** True when both read the same rows: they differ in formatting at most, such as whitespace and comments of a query. */
export function isSameSource(one: SourceManifest, other: SourceManifest): boolean {
  if (one.kind !== other.kind) return false;
  const kind = SOURCE_KINDS.get(one.kind);
  return isDeepStrictEqual(kind?.canonical(one) ?? one, kind?.canonical(other) ?? other);
}
