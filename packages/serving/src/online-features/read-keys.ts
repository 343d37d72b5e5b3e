import { isLarderError, MAX_PROBLEMS, requestInvalid, type ErrorDetail } from '@larder/core';
import { decodeJsonValue, type EntityManifest, type FieldManifest, type FieldValue } from '@larder/features';
import { entityKey } from '@larder/online-store';

/** Distinct keys of one entity, and which of them each row requests. */
export interface KeysOfEntity {
  readonly keys: readonly string[];
  readonly keyOfRow: readonly number[];
}

/** Reads the keys of all rows, per entity; each row has the join keys of all entities and no other members. @throws REQUEST_INVALID with a pointer per member */
export function readKeys(
  entities: readonly EntityManifest[],
  rows: readonly Readonly<Record<string, unknown>>[],
): KeysOfEntity[] {
  const fields = new Map<string, FieldManifest>();
  for (const entity of entities)
    for (const joinKey of entity.join_keys)
      if (joinKey.constant === undefined) fields.set(joinKey.name, joinKey);
  const places = entities.map(() => new Map<string, number>());
  const keyOfRow: number[][] = entities.map(() => []);
  const errors: ErrorDetail[] = [];
  for (const [at, row] of rows.entries()) {
    const values = readRow(fields, row, { pointer: `/entities/${at}`, errors });
    if (errors.length >= MAX_PROBLEMS) break;
    if (values === null) continue;
    for (const [e, entity] of entities.entries()) {
      const key = keyText(entity, values, { pointer: `/entities/${at}`, errors });
      if (key === null) continue;
      const known = places[e] as Map<string, number>;
      const place = known.get(key) ?? known.size;
      known.set(key, place);
      keyOfRow[e]?.push(place);
    }
  }
  if (errors.length > 0) throw requestInvalid(errors);
  return entities.map((_, e) => ({
    keys: [...(places[e] as Map<string, number>).keys()],
    keyOfRow: keyOfRow[e] as number[],
  }));
}

interface Report {
  readonly pointer: string;
  readonly errors: ErrorDetail[];
}

function readRow(
  fields: ReadonlyMap<string, FieldManifest>,
  row: Readonly<Record<string, unknown>>,
  { pointer, errors }: Report,
): Record<string, FieldValue> | null {
  const before = errors.length;
  const values: Record<string, FieldValue> = {};
  for (const [name, field] of fields) {
    if (!Object.hasOwn(row, name)) {
      errors.push({ pointer: `${pointer}/${name}`, detail: 'is missing' });
      continue;
    }
    const decoded = decodeJsonValue(field, row[name]);
    if (decoded.ok) values[name] = decoded.value;
    else errors.push({ pointer: `${pointer}/${name}`, detail: decoded.detail });
  }
  for (const name of Object.keys(row))
    if (!fields.has(name))
      errors.push({ pointer: `${pointer}/${name}`, detail: 'is not a join key of the requested features' });
  return errors.length === before ? values : null;
}

function keyText(
  entity: EntityManifest,
  values: Readonly<Record<string, FieldValue>>,
  { pointer, errors }: Report,
): string | null {
  try {
    return entityKey(entity, values);
  } catch (error) {
    if (!isLarderError(error)) throw error;
    errors.push({ pointer, detail: error.message.replace(/\.$/, '') });
    return null;
  }
}
