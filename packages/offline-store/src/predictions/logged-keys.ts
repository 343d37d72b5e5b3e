import { projectKeyHasher } from '../erasure/key-hash.ts';
import type { OfflineStore } from '../offline-store.ts';
import { hashText } from './hide-members.ts';

/** Both forms in which the log may have written an entity's key: a join key may have become sensitive in between. */
export async function loggedKeys(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  { entity, key }: { readonly entity: string; readonly key: string },
): Promise<string[]> {
  const hasher = await projectKeyHasher(store, project);
  return [`${entity}:${key}`, `${entity}${hashText(hasher, entity, key)}`];
}
