import {
  decodeJsonValue,
  encodeJsonValue,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type FieldValue,
  type SourceRow,
  pushedColumns,
} from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { entityKeyOfTexts } from '@larder/online-store';
import type { KeyTexts } from '@larder/sources';
import type { PreparedRow } from '../prepare/prepare-rows.ts';
import type { StagedRow } from '../runs/index.ts';

const TIMES: readonly FieldManifest[] = [
  { name: 'event_timestamp', type: 'timestamp' },
  { name: 'created_timestamp', type: 'timestamp' },
];

/** A pushed row as it waits in PostgreSQL to be computed. */
export function stagedRow(
  { source, keyTexts: keys, entityKey }: PreparedRow,
  view: FeatureViewManifest,
): StagedRow {
  const columns: Record<string, unknown> = {};
  for (const field of [...pushedColumns(view), ...TIMES])
    columns[field.name] = encodeJsonValue(field, source[field.name] as FieldValue);
  return { entityKey, keys, columns };
}

export interface StagedRowsOptions {
  readonly view: FeatureViewManifest;
  readonly entity: EntityManifest;
  readonly runId: string;
  readonly keys: readonly KeyTexts[];
}

/** Pushed rows of these keys in the run, as a source returns them. */
export async function readStagedRows(
  store: Pick<OfflineStore, 'db'>,
  { view, entity, runId, keys }: StagedRowsOptions,
): Promise<readonly SourceRow[]> {
  const byKey = new Map(keys.map((texts) => [entityKeyOfTexts(entity, texts), texts]));
  const rows = await store.db
    .selectFrom('larder.staged_rows')
    .select(['entity_key', 'columns'])
    .where('run_id', '=', runId)
    .where('entity_key', 'in', [...byKey.keys()])
    .orderBy('entity_key')
    .orderBy('ordinal')
    .execute();
  const fields = [...pushedColumns(view), ...TIMES];
  return rows.map(({ entity_key: key, columns }) => {
    const texts = byKey.get(key) as KeyTexts;
    const row: Record<string, unknown> = {};
    for (const [at, joinKey] of entity.join_keys.entries())
      row[joinKey.name] = joinKey.type === 'int64' ? BigInt(texts[at] as string) : texts[at];
    for (const field of fields) row[field.name] = decoded(field, columns[field.name] ?? null);
    return row;
  });
}

function decoded(field: FieldManifest, json: unknown): FieldValue | null {
  if (json === null) return null;
  const value = decodeJsonValue(field, json);
  if (!value.ok) throw new Error(`A staged row has a wrong ${field.name}: it ${value.detail}.`);
  return value.value;
}
