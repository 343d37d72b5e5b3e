import { createHash } from 'node:crypto';

/** Hash of a manifest as JSON with sorted keys and no whitespace: whoever has the manifest gets the same, in any language. */
export function manifestSha256(manifest: object): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(manifest)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}
