import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import type { PlannedChunk } from '../planning/plan-run.ts';
import type { ChunkAttempt } from '../run-store.ts';

/**
 * Replaces a running chunk by its parts, which become pending with one failure each. The failed rows
 * that it retries are passed to them by key. False when the attempt was revoked.
 */
export function splitChunk(
  store: OfflineStore,
  { chunkId, attempt }: ChunkAttempt,
  parts: readonly PlannedChunk[],
): Promise<boolean> {
  return store.transaction(async ({ db }) => {
    await sql`select from larder.runs where run_id = (select run_id from larder.chunks where chunk_id = ${chunkId})
      for no key update`.execute(db);
    const { rows: held } = await sql`
      select from larder.chunks where chunk_id = ${chunkId} and attempt = ${attempt} and state = 'running' for no key update`.execute(
      db,
    );
    if (held.length === 0) return false;
    await sql`
      with whole as (
        select * from larder.chunks where chunk_id = ${chunkId}
      ), part as (
        insert into larder.chunks (run_id, ordinal, bounds, retry_of, rows_total, failures, error_code, error_reason)
        select run_id, (select max(ordinal) from larder.chunks where run_id = whole.run_id) + place, part -> 'bounds', retry_of,
          (part ->> 'rows')::integer, 1, error_code, error_reason
        from whole cross join jsonb_array_elements(${JSON.stringify(parts)}::jsonb) with ordinality as p (part, place)
        returning chunk_id, bounds
      )
      update larder.row_failures f set chunk_id = part.chunk_id
      from part cross join lateral jsonb_array_elements(part.bounds -> 'keys') as key
      where f.chunk_id = ${chunkId} and f.keys = key`.execute(db);
    // The chunk's own failure is deleted with it.
    await sql`delete from larder.chunks where chunk_id = ${chunkId}`.execute(db);
    return true;
  });
}
