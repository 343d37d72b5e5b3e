import { sql, type RawBuilder } from 'kysely';

/**
 * Paused time of the run (alias `r`) up to now. Only time after its start counts, because the rate is measured from there.
 * Never negative: a transaction that waited for the run may have begun before the pause.
 */
export function pausedMs(since: 'paused_at' | 'finished_at'): RawBuilder<number> {
  const instant = sql.ref(`r.${since}`);
  return sql<number>`r.paused_ms + case when ${instant} is null or r.started_at is null then 0
    else greatest(0, extract(epoch from now() - greatest(${instant}, r.started_at)) * 1000)::bigint end`;
}

/** Ends the pause of a run (alias `r`). */
export const PAUSE_ENDED: RawBuilder<unknown> = sql`paused_at = null, paused_ms = ${pausedMs('paused_at')}`;
