import { sql, type RawBuilder } from 'kysely';
import type { RunStore } from '../run-store.ts';

/** Key of the advisory lock that a landing holds in addition to the chunk's row. */
export function landingLock(chunkId: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`hashtextextended('larder:chunk:' || ${chunkId}, 0)`;
}

/**
 * Ends database sessions that still hold a chunk although its lease expired long ago. A process that is frozen in the
 * middle of COPY keeps the row locked, no timeout of PostgreSQL applies to a session that waits for COPY data, and
 * `expireLeases` skips locked rows.
 */
export async function endFrozenLandings(
  store: RunStore,
  options: { readonly project: string; readonly overdueMs: number },
): Promise<number[]> {
  const { rows } = await sql<{ chunk_id: number }>`
    with overdue as materialized (
      select c.chunk_id, ${landingLock(sql`c.chunk_id`)} as key
      from larder.chunks c join larder.runs r on r.run_id = c.run_id
      where r.project = ${options.project} and c.state = 'running'
        and c.lease_expires_at < now() - ${options.overdueMs} * interval '1 millisecond'
    )
    select o.chunk_id, pg_terminate_backend(l.pid)
    from overdue o
    join pg_locks l on l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.pid <> pg_backend_pid()
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid::bigint = (o.key >> 32) & 4294967295 and l.objid::bigint = o.key & 4294967295`.execute(
    store.db,
  );
  return rows.map((row) => row.chunk_id);
}
