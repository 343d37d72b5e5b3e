import { sql } from 'kysely';

export const HEARTBEAT_INTERVAL_MS = 5_000;
/** A process that missed three heartbeats is considered dead; if it was only frozen, it announces itself again. */
export const DEAD_AFTER_MS = 4 * HEARTBEAT_INTERVAL_MS;

/** Condition: the process (alias `p`) is alive, by PostgreSQL's clock. */
export const IS_LIVING = sql<boolean>`p.heartbeat_at >= now() - ${sql.lit(DEAD_AFTER_MS)} * interval '1 millisecond'`;
