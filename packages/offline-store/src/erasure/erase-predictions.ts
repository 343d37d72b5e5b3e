import { encodeJsonValue } from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { countRemoved } from './count-removed.ts';
import type { Erasure } from './erasure.ts';

const ROWS_PER_STEP = 1_000;

/**
 * Deletes logged predictions that name the key, alone or among others, in clear text or hashed, with the labels that were
 * given for them; and the labels of the key.
 */
export async function erasePredictions(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  erasure: Erasure,
): Promise<void> {
  const { entity, entityKey, keyHash } = erasure;
  const names = [`${entity.name}:${entityKey}`, `${entity.name}#${keyHash.toString('hex')}`];
  const named = sql`entity_keys && ${names}::text[]`;
  while ((await eraseStep(store, erasure, named)) === ROWS_PER_STEP);
  const before = await firstFullerRecord(store);
  if (before !== null) {
    const keys = Object.fromEntries(
      entity.join_keys.map((field) => [field.name, encodeJsonValue(field, erasure.keys[field.name] ?? null)]),
    );
    const older = sql`entity_keys is null and predicted_at < ${before} and entities @> ${JSON.stringify(keys)}::jsonb`;
    while ((await eraseStep(store, erasure, older)) === ROWS_PER_STEP);
  }
  while ((await eraseLabels(store, erasure)) === ROWS_PER_STEP);
}

async function eraseStep(
  store: Pick<OfflineStore, 'transaction'>,
  erasure: Erasure,
  which: ReturnType<typeof sql>,
): Promise<number> {
  return store.transaction(async (tx) => {
    const { rows } = await sql<{ predictions: number; labels: number }>`
      with chosen as materialized (
        select predicted_at, prediction_id from larder.predictions
        where project = ${erasure.project} and ${which} limit ${ROWS_PER_STEP}
      ), gone as (
        delete from larder.predictions p using chosen
        where p.predicted_at = chosen.predicted_at and p.prediction_id = chosen.prediction_id
        returning p.prediction_id
      ), labels as (
        delete from larder.labels where project = ${erasure.project}
          and prediction_id in (select prediction_id from chosen)
        returning label_id
      )
      select (select count(*)::integer from gone) as predictions, (select count(*)::integer from labels) as labels`.execute(
      tx.db,
    );
    const { predictions = 0, labels = 0 } = rows[0] ?? {};
    await countRemoved(tx, erasure, { place: 'predictions', count: predictions });
    await countRemoved(tx, erasure, { place: 'labels', count: labels });
    return predictions;
  });
}

async function eraseLabels(store: Pick<OfflineStore, 'transaction'>, erasure: Erasure): Promise<number> {
  const { project, entity, entityKey, keyHash } = erasure;
  // A sensitive key is stored as its hash.
  const keys = [entityKey, keyHash.toString('hex')];
  return store.transaction(async (tx) => {
    const { rows } = await sql`
      delete from larder.labels where label_id in (
        select label_id from larder.labels
        where project = ${project} and entity = ${entity.name} and entity_key = any(${keys}::text[]) limit ${ROWS_PER_STEP})
      returning label_id`.execute(tx.db);
    await countRemoved(tx, erasure, { place: 'labels', count: rows.length });
    return rows.length;
  });
}

/** A fresh database migrates in seconds; an older one has predictions without `entity_keys`, and writers of the release before. */
const FRESH = sql`interval '10 minutes'`;
const OLD_WRITERS = sql`interval '1 day'`;

/** Null: every record has `entity_keys`. */
async function firstFullerRecord(store: Pick<OfflineStore, 'db'>): Promise<Date | null> {
  const { rows } = await sql<{ before: Date | null }>`
    select case when fuller.timestamp::timestamptz > first.timestamp::timestamptz + ${FRESH}
      then fuller.timestamp::timestamptz + ${OLD_WRITERS} end as before
    from larder.migrations fuller, larder.migrations first
    where fuller.name = '0017_fuller_log' and first.name = '0001_registry'`.execute(store.db);
  return rows[0]?.before ?? null;
}
