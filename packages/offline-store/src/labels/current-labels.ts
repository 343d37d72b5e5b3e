import { sql, type RawBuilder } from 'kysely';

/**
 * True for a row of `larder.labels l` that no other row known before `asOf` replaces. The row that only takes an event
 * back states nothing itself, so that earlier events count again.
 */
export function notReplaced(asOf: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(not (l.value is null and l.corrects_event_id is not null) and not exists (
    select from larder.labels c
    where c.project = l.project and c.source = l.source and c.corrects_event_id = l.event_id
      and c.received_at < ${asOf}))`;
}
