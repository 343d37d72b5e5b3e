import { decodeJsonValue, type EntityManifest, type FieldValue } from '@larder/features';
import type { LoggedPrediction } from './logged-prediction.ts';

/** The join keys of one entity as they were sent; null when the log keeps a hash of them. */
export function loggedJoinKeys(
  entity: EntityManifest,
  logged: Pick<LoggedPrediction, 'entities' | 'entityKeys'>,
): Record<string, FieldValue> | null {
  if (logged.entityKeys?.some((key) => key.startsWith(`${entity.name}#`)) === true) return null;
  const keys: Record<string, FieldValue> = {};
  for (const field of entity.join_keys) {
    const decoded = decodeJsonValue(field, logged.entities[field.name]);
    if (!decoded.ok) return null;
    keys[field.name] = decoded.value;
  }
  return keys;
}
