import { sql } from 'kysely';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';

export interface KeysOfEntity {
  readonly project: string;
  readonly entity: string;
  /** Canonical, from `entityKey`. */
  readonly keys: readonly string[];
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Which of these keys were erased and may not be written. A writer asks after `holdOffErasures`, in the same
 * transaction; outside of one the answer may be out of date.
 */
export async function erasedAmong(
  tx: Pick<OfflineStore | StoreTransaction, 'db'>,
  { project, entity, keys }: KeysOfEntity,
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return NONE;
  const { rows } = await sql<{ key: string }>`
    select key from larder.erased_among(${project}, ${entity}, ${keys}::text[]) as key`.execute(tx.db);
  return rows.length === 0 ? NONE : new Set(rows.map(({ key }) => key));
}

/** Like `erasedAmong`, for keys of which only the keyed hashes are known, as hex digits. */
export async function erasedHashesAmong(
  tx: Pick<StoreTransaction, 'db'>,
  { project, entity, keys }: KeysOfEntity,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    select key from unnest(${keys}::text[]) as key where exists (select from larder.tombstones t
      where t.project = ${project} and t.entity = ${entity} and t.key_hash = decode(key, 'hex'))`.execute(
    tx.db,
  );
  return rows.length === 0 ? NONE : new Set(rows.map(({ key }) => key));
}

/**
 * Every transaction that writes something of a key calls it first. It never waits, and holds until the transaction ends:
 * an erasure that begins meanwhile waits for it before it deletes (`awaitWriters`), and so finds what was written.
 * @param entity null: of any entity
 * @returns whether there are tombstones
 */
export async function holdOffErasures(
  tx: Pick<StoreTransaction, 'db'>,
  project: string,
  entity: string | null,
): Promise<boolean> {
  const { rows } = await sql<{ any: boolean }>`
    select larder.hold_off_erasures(${project}, ${entity}) as any`.execute(tx.db);
  return rows[0]?.any === true;
}
