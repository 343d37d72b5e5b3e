import { hash, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../database.ts';
import type { OfflineStore } from '../offline-store.ts';

/** Hashes the canonical text of an entity's key (`entityKey()`) to 32 bytes that do not reveal it. */
export type KeyHasher = (entity: string, entityKey: string) => Buffer;

/**
 * SHA-256 over secret ‖ entity ‖ 0x00 ‖ key. PostgreSQL computes the same:
 * `sha256(secret || convert_to(entity, 'UTF8') || '\x00' || convert_to(key, 'UTF8'))`.
 */
export function keyHasher(secret: Uint8Array): KeyHasher {
  const prefixes = new Map<string, Buffer>();
  return (entity, entityKey) => {
    let prefix = prefixes.get(entity);
    if (prefix === undefined)
      prefixes.set(entity, (prefix = Buffer.concat([secret, Buffer.from(`${entity}\0`)])));
    return hash('sha256', Buffer.concat([prefix, Buffer.from(entityKey)]), 'buffer');
  };
}

const known = new WeakMap<object, Map<string, Promise<KeyHasher>>>();

/** The hasher of a project; its secret is read once per store. Creates the secret when the project has none. */
export function projectKeyHasher(store: Pick<OfflineStore, 'db'>, project: string): Promise<KeyHasher> {
  let hashers = known.get(store.db);
  if (hashers === undefined) known.set(store.db, (hashers = new Map()));
  let hasher = hashers.get(project);
  if (hasher === undefined) {
    hasher = erasureSecret(store.db, project).then(keyHasher);
    hashers.set(project, hasher);
    // A failure is the caller's; the next caller asks again.
    hasher.catch(() => hashers.delete(project));
  }
  return hasher;
}

/** The secret is created by whoever needs it first and never changes: every stored hash depends on it. */
async function erasureSecret(db: Kysely<Database>, project: string): Promise<Buffer> {
  const find = () =>
    db
      .selectFrom('larder.erasure_secrets')
      .select('secret')
      .where('project', '=', project)
      .executeTakeFirst();
  const found = await find();
  if (found !== undefined) return found.secret;
  await db
    .insertInto('larder.erasure_secrets')
    .values({ project, secret: randomBytes(32) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const created = await find();
  if (created === undefined) throw new Error(`Project ${project} has no secret right after its creation.`);
  return created.secret;
}
