import { newId } from '@larder/core';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/** An erasure that something else remembers: a receipt that was kept elsewhere, or a tombstone in Redis. */
export interface RememberedErasure {
  /** Null: not known, as the hash says nothing of it. */
  readonly entity: string | null;
  readonly keyHash: Buffer;
  readonly erasedAtMs: number;
  /** Redis Cluster's slot of the entity; null: not known. */
  readonly slot: number | null;
}

/** Those that the database does not know: it was restored to before them. A key that was allowed again since is not among them. */
export async function lostErasures(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  remembered: readonly RememberedErasure[],
): Promise<RememberedErasure[]> {
  if (remembered.length === 0) return [];
  const { rows } = await sql<{ place: number }>`
    select wanted.place::integer as place
    from unnest(${remembered.map(({ keyHash }) => keyHash.toString('hex'))}::text[],
      ${remembered.map(({ erasedAtMs }) => new Date(erasedAtMs).toISOString())}::timestamptz[])
      with ordinality as wanted (hash, erased_at, place)
    where exists (select from larder.tombstones t
        where t.project = ${project} and t.key_hash = decode(wanted.hash, 'hex'))
      or exists (select from larder.erasures e
        where e.project = ${project} and e.key_hash = decode(wanted.hash, 'hex') and e.allowed_at >= wanted.erased_at)`.execute(
    store.db,
  );
  const known = new Set(rows.map(({ place }) => place));
  return remembered.filter((_, at) => !known.has(at + 1));
}

export interface KeepErased {
  readonly project: string;
  /** All of the project: an erasure whose entity is not known holds for each of them; of the others the hash matches no key. */
  readonly entities: readonly string[];
  readonly actor: string;
  readonly reason: string;
}

/** Commits tombstones and receipts, so that nothing writes the keys from now on, whoever has them still. */
export async function keepErased(
  store: Pick<OfflineStore, 'transaction'>,
  lost: readonly RememberedErasure[],
  { project, entities, actor, reason }: KeepErased,
): Promise<void> {
  for (const { entity, keyHash, slot } of lost)
    await store.transaction(async ({ db }) => {
      for (const name of entity === null ? entities : [entity]) {
        const receiptId = newId();
        await sql`
          insert into larder.erasures
            (receipt_id, project, entity, key_hash, status, actor, reason, still_held, completed_at)
          values (${receiptId}, ${project}, ${name}, ${keyHash}, 'complete', ${actor}, ${reason}, '[]', now())`.execute(
          db,
        );
        await sql`
          insert into larder.tombstones (project, entity, key_hash, receipt_id, slot)
          values (${project}, ${name}, ${keyHash}, ${receiptId}, ${slot})
          on conflict do nothing`.execute(db);
      }
    });
}

/** Canonical keys with one of these hashes, in labels and in logged predictions. */
export async function loggedKeysOfHashes(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  { entity, hashes }: { readonly entity: string; readonly hashes: readonly Buffer[] },
): Promise<string[]> {
  const wanted = sql`(select decode(h, 'hex') from unnest(${hashes.map((hash) => hash.toString('hex'))}::text[]) h)`;
  const { rows } = await sql<{ key: string }>`
    with secret as (select secret from larder.erasure_secrets where project = ${project}),
    keys as (
      select distinct entity_key as key from larder.labels where project = ${project} and entity = ${entity}
      union
      select distinct substr(name, ${entity.length + 2}) from larder.predictions, unnest(entity_keys) name
      where project = ${project} and starts_with(name, ${`${entity}:`})
    )
    select key from keys, secret where key is not null and larder.key_hash(secret, ${entity}, key) in ${wanted}`.execute(
    store.db,
  );
  return rows.map(({ key }) => key);
}
