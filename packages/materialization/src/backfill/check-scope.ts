import { isLarderError, requestInvalid, type ErrorDetail } from '@larder/core';
import {
  decodeJsonValue,
  encodeJsonValue,
  entityKey,
  type EntityManifest,
  type FieldValue,
  type JsonValue,
} from '@larder/features';
import type { RunScope } from '@larder/offline-store';

const MESSAGE = 'The scope of the backfill does not fit the view.';
/** PostgreSQL has no year 0. */
const FIRST_INSTANT_MS = Date.parse('0001-01-01T00:00:00Z');

/**
 * Normalizes the scope, with join keys in the entity's order.
 * @throws REQUEST_INVALID with a pointer per wrong key
 */
export function checkScope(entity: EntityManifest, scope: RunScope): RunScope {
  if ('all' in scope || 'missing' in scope) return scope;
  if ('event_time' in scope) {
    const { from, to } = scope.event_time;
    if (!(Date.parse(from) >= FIRST_INSTANT_MS && Date.parse(from) < Date.parse(to)))
      throw requestInvalid(
        [{ pointer: '/scope/event_time', detail: 'must be two instants from the year 1 on, from before to' }],
        MESSAGE,
      );
    return { event_time: { from: new Date(from).toISOString(), to: new Date(to).toISOString() } };
  }
  const errors: ErrorDetail[] = [];
  const entities = scope.entities.map((keys, at) => checkKeys(entity, keys, { at, errors }));
  if (errors.length > 0) throw requestInvalid(errors, MESSAGE);
  return { entities };
}

function checkKeys(
  entity: EntityManifest,
  keys: Readonly<Record<string, unknown>>,
  { at, errors }: { readonly at: number; readonly errors: ErrorDetail[] },
): Record<string, JsonValue> {
  const checked: Record<string, JsonValue> = {};
  const values: Record<string, FieldValue> = {};
  const before = errors.length;
  for (const joinKey of entity.join_keys) {
    const decoded = decodeJsonValue(joinKey, keys[joinKey.name]);
    if (decoded.ok) {
      values[joinKey.name] = decoded.value;
      checked[joinKey.name] = encodeJsonValue(joinKey, decoded.value);
    } else errors.push({ pointer: `/scope/entities/${at}/${joinKey.name}`, detail: decoded.detail });
  }
  for (const name of Object.keys(keys)) {
    if (!entity.join_keys.some((joinKey) => joinKey.name === name))
      errors.push({
        pointer: `/scope/entities/${at}/${name}`,
        detail: `is not a join key of ${entity.name}`,
      });
  }
  if (errors.length === before) {
    const detail = keyProblem(entity, values);
    if (detail !== null) errors.push({ pointer: `/scope/entities/${at}`, detail });
  }
  return checked;
}

/** Describes why no store can hold this key; null when it can. */
function keyProblem(entity: EntityManifest, values: Readonly<Record<string, FieldValue>>): string | null {
  try {
    entityKey(entity, values);
    return null;
  } catch (error) {
    if (!isLarderError(error)) throw error;
    return error.message.replace(/\.$/, '');
  }
}
