import { sql, type Kysely } from 'kysely';
import type { Database } from '../database.ts';
import { erasedAmong, holdOffErasures } from '../erasure/hold-off-erasures.ts';
import { projectKeyHasher, type KeyHasher } from '../erasure/key-hash.ts';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import type { Label } from './label.ts';
import { storedKey } from './stored-key.ts';

/**
 * Of one label: `stored`; `known` when the same event is on record with the same content; `conflict` when it is on
 * record with another content, which stays as it is; `erased` when its entity was, and nothing is stored.
 */
export type LabelOutcome = 'stored' | 'known' | 'conflict' | 'erased';

/** Adds labels, each event of a source once, in one transaction. @returns an outcome per label, in the order given */
export async function storeLabels(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  project: string,
  labels: readonly Label[],
): Promise<LabelOutcome[]> {
  if (labels.length === 0) return [];
  const hasher = labels.some(isSensitive) ? await projectKeyHasher(store, project) : null;
  return store.transaction(async (tx) => {
    const erased = await erasedLabels(tx, project, labels);
    const rows = labels.flatMap((label, at) => (erased.has(label) ? [] : [asRow(label, at, hasher)]));
    const json = JSON.stringify(rows);
    const stored = await insertNew(tx.db, project, json);
    const outcomes = labels.map((): LabelOutcome => 'erased');
    for (const { at, label_id: id, same } of await compareWithStored(tx.db, project, json)) {
      // An event that is twice among `labels` is stored for the first of them.
      if (stored.get(id) === at) outcomes[at] = 'stored';
      else outcomes[at] = same ? 'known' : 'conflict';
    }
    return outcomes;
  });
}

function isSensitive({ target }: Label): boolean {
  return 'entity' in target && target.sensitive;
}

/** Labels of erased entities. Until the transaction ends, an erasure that begins waits for what it stores. */
async function erasedLabels(
  tx: StoreTransaction,
  project: string,
  labels: readonly Label[],
): Promise<ReadonlySet<Label>> {
  const found = new Set<Label>();
  if (!(await holdOffErasures(tx, project, null))) return found;
  const ofEntities = labels.flatMap((label) =>
    'entity' in label.target ? [{ label, ...label.target }] : [],
  );
  for (const [entity, each] of Map.groupBy(ofEntities, (label) => label.entity)) {
    const keys = [...new Set(each.map(({ entityKey }) => entityKey))];
    const erased = await erasedAmong(tx, { project, entity, keys });
    for (const { label, entityKey } of each) if (erased.has(entityKey)) found.add(label);
  }
  return found;
}

function asRow(label: Label, at: number, hasher: KeyHasher | null) {
  const { target } = label;
  const entity = 'entity' in target ? target : null;
  return {
    at,
    name: label.name,
    source: label.source,
    event_id: label.eventId,
    prediction_id: 'predictionId' in target ? target.predictionId : null,
    entity: entity?.entity ?? null,
    entity_key: entity && storedKey(entity, hasher),
    key_hashed: entity?.sensitive ?? false,
    event_timestamp: label.eventTimestamp,
    value: label.value,
    corrects_event_id: label.corrects,
    weight: label.weight,
  };
}

const COLUMNS = sql`name, source, event_id, prediction_id, entity, entity_key, key_hashed, event_timestamp, value,
  corrects_event_id, weight`;

const given = (json: string) => sql`jsonb_to_recordset(${json}::jsonb) as given (at integer, name text,
  source text, event_id text, prediction_id uuid, entity text, entity_key text, key_hashed boolean,
  event_timestamp timestamptz, value jsonb, corrects_event_id text, weight double precision)`;

/**
 * One order for every writer: two that store the same events wait for each other and never in a circle.
 * @returns the place of each new label among those given, by its id
 */
async function insertNew(db: Kysely<Database>, project: string, json: string): Promise<Map<number, number>> {
  const { rows } = await sql<{ label_id: number; at: number }>`
    with first as materialized (
      select distinct on (source, event_id) * from ${given(json)} order by source, event_id, at
    ), stored as (
      insert into larder.labels (project, ${COLUMNS})
      select ${project}, ${COLUMNS} from first order by source, event_id
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
      (stored.name, stored.event_timestamp, stored.weight, stored.key_hashed)
        = (given.name, given.event_timestamp, given.weight, given.key_hashed)
      and (stored.prediction_id, stored.entity, stored.entity_key, stored.value, stored.corrects_event_id)
        is not distinct from
        (given.prediction_id, given.entity, given.entity_key, given.value, given.corrects_event_id) as same
    from ${given(json)} join larder.labels stored
      on stored.project = ${project} and stored.source = given.source and stored.event_id = given.event_id
    order by given.at`.execute(db);
  return rows;
}
