import { sql, type Kysely } from 'kysely';
import type { Database } from '../database.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { Label } from './label.ts';

/**
 * Of one label: `stored`; `known` when the same event is on record with the same content; `conflict` when it is on
 * record with another content, which stays as it is.
 */
export type LabelOutcome = 'stored' | 'known' | 'conflict';

/** Adds labels, each event of a source once, in one transaction. @returns an outcome per label, in the order given */
export async function storeLabels(
  store: Pick<OfflineStore, 'transaction'>,
  project: string,
  labels: readonly Label[],
): Promise<LabelOutcome[]> {
  if (labels.length === 0) return [];
  const json = JSON.stringify(labels.map(asRow));
  return store.transaction(async ({ db }) => {
    const stored = await insertNew(db, project, json);
    const found = await compareWithStored(db, project, json);
    return found.map(({ at, label_id: id, same }) => {
      // An event that is twice among `labels` is stored for the first of them.
      if (stored.get(id) === at) return 'stored';
      return same ? 'known' : 'conflict';
    });
  });
}

function asRow(label: Label, at: number) {
  const { target } = label;
  const byPrediction = 'predictionId' in target;
  return {
    at,
    name: label.name,
    source: label.source,
    event_id: label.eventId,
    prediction_id: byPrediction ? target.predictionId : null,
    entity: byPrediction ? null : target.entity,
    entity_key: byPrediction ? null : target.entityKey,
    event_timestamp: label.eventTimestamp,
    value: label.value,
    corrects_event_id: label.corrects,
    weight: label.weight,
  };
}

const given = (
  json: string,
) => sql`jsonb_to_recordset(${json}::jsonb) as given (at integer, name text, source text,
  event_id text, prediction_id uuid, entity text, entity_key text, event_timestamp timestamptz, value jsonb,
  corrects_event_id text, weight double precision)`;

/** One order for every writer: two that store the same events wait for each other and never in a circle. */
async function insertNew(db: Kysely<Database>, project: string, json: string): Promise<Map<number, number>> {
  const { rows } = await sql<{ label_id: number; at: number }>`
    with first as materialized (
      select distinct on (source, event_id) * from ${given(json)} order by source, event_id, at
    ), stored as (
      insert into larder.labels (project, name, source, event_id, prediction_id, entity, entity_key,
        event_timestamp, value, corrects_event_id, weight)
      select ${project}, name, source, event_id, prediction_id, entity, entity_key,
        event_timestamp, value, corrects_event_id, weight
      from first order by source, event_id
      on conflict (project, source, event_id) do nothing
      returning label_id, source, event_id
    )
    select label_id, at from stored join first using (source, event_id)`.execute(db);
  return new Map(rows.map(({ label_id: id, at }) => [id, at]));
}

interface StoredLabel {
  readonly at: number;
  readonly label_id: number;
  readonly same: boolean;
}

/** A later statement than the insert, so that it sees what another writer committed while the insert waited for it. */
async function compareWithStored(
  db: Kysely<Database>,
  project: string,
  json: string,
): Promise<readonly StoredLabel[]> {
  const { rows } = await sql<StoredLabel>`
    select given.at, stored.label_id,
      (stored.name, stored.event_timestamp, stored.weight) = (given.name, given.event_timestamp, given.weight)
      and (stored.prediction_id, stored.entity, stored.entity_key, stored.value, stored.corrects_event_id)
        is not distinct from
        (given.prediction_id, given.entity, given.entity_key, given.value, given.corrects_event_id) as same
    from ${given(json)} join larder.labels stored
      on stored.project = ${project} and stored.source = given.source and stored.event_id = given.event_id
    order by given.at`.execute(db);
  return rows;
}
