import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

const VALUES_PER_STEP = 1_000;
/** What a row takes beside its values, with its indexes. */
const ROW_BYTES = 250;
const ROW = sql.lit(ROW_BYTES);

/**
 * Deletes the values that were not used for longest until the memory of the project takes at most `maxBytes`, with the
 * contents that are left without values. One process at a time does it; others leave it to that one.
 * @returns how many values were deleted
 */
export async function evictValues(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  project: string,
  maxBytes: number,
): Promise<number> {
  let excess = (await memoryBytes(store, project)) - maxBytes;
  let evicted = 0;
  while (excess > 0) {
    const step = await evictStep(store, project, excess);
    if (step.values === 0) break;
    evicted += step.values;
    excess -= step.bytes;
  }
  return evicted;
}

/** About what the memory of a project takes in PostgreSQL. */
export async function memoryBytes(store: Pick<OfflineStore, 'db'>, project: string): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select (select coalesce(sum(size_bytes + ${ROW}), 0) from larder.remembered_values where project = ${project})::bigint
      + ${ROW} * (select count(*) from larder.remembered_contents where project = ${project})
      + ${ROW} * (select count(*) from larder.remembered_uses where project = ${project}) as bytes`.execute(
    store.db,
  );
  return rows[0]?.bytes ?? 0;
}

async function evictStep(
  store: Pick<OfflineStore, 'transaction'>,
  project: string,
  excess: number,
): Promise<{ readonly values: number; readonly bytes: number }> {
  return store.transaction(async (tx) => {
    const { rows: locks } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended('larder:value-memory:' || ${project}, 0)) as mine`.execute(
      tx.db,
    );
    if (locks[0]?.mine !== true) return { values: 0, bytes: 0 };
    // Counted without contents and uses: too many rather than too few are deleted per step.
    const { rows: gone } = await sql<{ content: Buffer; bytes: number }>`
      delete from larder.remembered_values where (project, content_sha256, computation) in (
        select project, content_sha256, computation from (
          select project, content_sha256, computation,
            sum(size_bytes + ${ROW}) over (order by used_at, content_sha256, computation) - size_bytes - ${ROW} as before
          from (select * from larder.remembered_values where project = ${project}
            order by used_at limit ${VALUES_PER_STEP}) oldest) counted
        where before < ${excess}::bigint)
      returning content_sha256 as content, size_bytes + ${ROW} as bytes`.execute(tx.db);
    const contents = gone.map(({ content }) => content);
    const without = sql`content_sha256 = any(${contents}::bytea[]) and not exists (
      select from larder.remembered_values v where v.project = ${project} and v.content_sha256 = t.content_sha256)`;
    const removed = await Promise.all([
      sql`delete from larder.remembered_contents t where project = ${project} and ${without} returning 1`.execute(
        tx.db,
      ),
      sql`delete from larder.remembered_uses t where project = ${project} and ${without} returning 1`.execute(
        tx.db,
      ),
    ]);
    const others = removed.reduce((sum, { rows }) => sum + rows.length, 0);
    return {
      values: gone.length,
      bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0) + others * ROW_BYTES,
    };
  });
}
