import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { projectKeyHasher } from '../erasure/key-hash.ts';
import { notReplaced } from './current-labels.ts';
import type { LabelTarget, LabelValue } from './label.ts';
import { storedKey } from './stored-key.ts';

export interface FindLabels {
  readonly project: string;
  readonly target: LabelTarget;
  /** Labels of this name alone. */
  readonly name?: string;
  /** What was known at this instant: rows received before it. @default everything on record */
  readonly asOf?: Date;
  readonly limit: number;
}

export interface FoundLabel {
  readonly name: string;
  readonly source: string;
  readonly eventId: string;
  readonly predictionId: string | null;
  readonly entity: string | null;
  readonly entityKey: string | null;
  readonly eventTimestamp: Date;
  readonly value: LabelValue | null;
  readonly corrects: string | null;
  readonly weight: number;
  readonly receivedAt: Date;
  /** States the outcome as it was known then; of a prediction, one label per name at most. */
  readonly current: boolean;
}

/** Labels given for one prediction or one entity key, the newest first. */
export async function findLabels(store: Pick<OfflineStore, 'db'>, find: FindLabels): Promise<FoundLabel[]> {
  const { target, name } = find;
  const asOf = sql`${find.asOf?.toISOString() ?? 'infinity'}::timestamptz`;
  const byPrediction = 'predictionId' in target;
  const hasher = byPrediction || !target.sensitive ? null : await projectKeyHasher(store, find.project);
  const matches = byPrediction
    ? sql`l.prediction_id = ${target.predictionId}`
    : sql`l.entity = ${target.entity} and l.entity_key = ${storedKey(target, hasher)} and l.key_hashed = ${target.sensitive}`;
  // A prediction has one outcome; an entity has one whenever it is labelled.
  const newest = byPrediction
    ? sql`row_number() over (partition by l.name, ${notReplaced(asOf)} order by l.event_timestamp desc, l.label_id desc) = 1`
    : sql`true`;
  const { rows } = await sql<FoundLabel>`
    select l.name, l.source, l.event_id as "eventId", l.prediction_id as "predictionId", l.entity,
      case when l.key_hashed then '#' else '' end || l.entity_key as "entityKey", l.event_timestamp as "eventTimestamp", l.value,
      l.corrects_event_id as corrects, l.weight, l.received_at as "receivedAt",
      (l.value is not null and ${notReplaced(asOf)} and ${newest}) as current
    from larder.labels l
    where l.project = ${find.project} and ${matches} and l.received_at < ${asOf}
      ${name === undefined ? sql`` : sql`and l.name = ${name}`}
    order by l.event_timestamp desc, l.label_id desc
    limit ${find.limit}`.execute(store.db);
  return rows;
}
