import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/** One, as the online store keeps it. */
interface Tombstone {
  readonly hash: Buffer;
  readonly slot: number;
  readonly erasedAtMs: number;
}

const PAGE_ROWS = 500;

/** How many there are, from one row. */
export async function countTombstones(store: Pick<OfflineStore, 'db'>, project: string): Promise<number> {
  const row = await store.db
    .selectFrom('larder.erasure_secrets')
    .select('tombstones')
    .where('project', '=', project)
    .executeTakeFirst();
  return row?.tombstones ?? 0;
}

/** All tombstones of a project, page by page. */
export async function* readTombstones(
  store: Pick<OfflineStore, 'db'>,
  project: string,
): AsyncGenerator<readonly Tombstone[]> {
  let after: { entity: string; hash: Buffer } = { entity: '', hash: Buffer.alloc(0) };
  for (;;) {
    const { rows } = await sql<Tombstone & { entity: string }>`
      select entity, key_hash as hash, slot, (extract(epoch from erased_at) * 1000)::bigint as "erasedAtMs"
      from larder.tombstones
      where project = ${project} and (entity, key_hash) > (${after.entity}, ${after.hash}) and slot is not null
      order by entity, key_hash limit ${PAGE_ROWS}`.execute(store.db);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return;
    after = last;
  }
}
