import { sql, type RawBuilder } from 'kysely';

/** Number of attempts at a plan, a chunk or a row before it fails permanently. */
export const MAX_FAILURES = 5;
/** A chunk that lost this many workers is a suspect; a worker may also be killed for reasons other than its chunk. */
export const LOSSES_OF_SUSPECT = 2;
const MAX_BACKOFF_MS = 60_000;

/** When the next attempt is due after this many earlier failures: the wait doubles, up to a minute. Null: never. */
export function afterBackoff(
  backoffMs: number | RawBuilder<unknown> | null,
  failuresBefore: RawBuilder<unknown>,
): RawBuilder<Date> {
  return sql<Date>`now() + least(${backoffMs}::double precision * power(2, ${failuresBefore}), ${MAX_BACKOFF_MS}) * interval '1 millisecond'`;
}
