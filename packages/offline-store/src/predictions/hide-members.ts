import type { KeyHasher } from '../erasure/key-hash.ts';
import type { JsonMembers } from './prediction-record.ts';
import type { Sensitivity } from './sensitive-fields.ts';

/** `#` and 64 hex digits: how a hashed value or key is written. */
export function hashText(hasher: KeyHasher, name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `#${hasher(name, text).toString('hex')}`;
}

/** The members with hashes in place of hashed values, and without the omitted ones; the same object when nothing is sensitive. */
export function hideMembers(
  members: JsonMembers,
  sensitive: ReadonlyMap<string, Sensitivity>,
  hasher: KeyHasher,
): JsonMembers {
  if (sensitive.size === 0) return members;
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) {
    const how = sensitive.get(name);
    if (how === undefined) shown[name] = value;
    else if (how === 'hashed') shown[name] = hashText(hasher, name, value);
  }
  return shown;
}
