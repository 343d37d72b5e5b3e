import { sql } from 'kysely';

/** A step takes far less; after it, any worker continues. */
export const ERASURE_LEASE = 60_000;

export function inTime(ms: number) {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}
