import type { KeyHasher } from '../erasure/key-hash.ts';
import type { EntityTarget } from './label.ts';

/** The key as `larder.labels` has it: as in the prediction log, without the `#` in front of a hash. */
export function storedKey(target: EntityTarget, hasher: KeyHasher | null): string {
  if (!target.sensitive) return target.entityKey;
  if (hasher === null) throw new Error('A sensitive key needs the hasher of its project.');
  return hasher(target.entity, target.entityKey).toString('hex');
}
