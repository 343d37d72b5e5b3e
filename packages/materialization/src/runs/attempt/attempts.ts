import { sql, type RawBuilder } from 'kysely';

/** How often a plan, a chunk or a row is tried before it has failed for good. */
export const MAX_FAILURES = 5;
/** A chunk that ended so many workers is suspected; a worker is also killed for what is not its chunk's fault. */
export const LOSSES_OF_SUSPECT = 2;
const MAX_BACKOFF_MS = 60_000;

/** When the next attempt is due after so many that broke before this one: doubling, a minute at most. Null: never. */
export function afterBackoff(
  backoffMs: number | RawBuilder<unknown> | null,
  failuresBefore: RawBuilder<unknown>,
): RawBuilder<Date> {
  return sql<Date>`now() + least(${backoffMs}::double precision * power(2, ${failuresBefore}), ${MAX_BACKOFF_MS}) * interval '1 millisecond'`;
}
