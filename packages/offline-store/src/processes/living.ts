import { sql } from 'kysely';

export const HEARTBEAT_INTERVAL_MS = 5_000;
/** A process that missed three beats is taken for dead; one that was only frozen announces itself again. */
export const DEAD_AFTER_MS = 4 * HEARTBEAT_INTERVAL_MS;

/** Condition: the process (alias `p`) lives, by PostgreSQL's clock. */
export const IS_LIVING = sql<boolean>`p.heartbeat_at >= now() - ${sql.lit(DEAD_AFTER_MS)} * interval '1 millisecond'`;
