import { LarderError } from '@larder/core';
import { encodeJsonValue, type EntityManifest, type FieldValue, type JsonValue } from '@larder/features';
import { entityKey, parseEntityKey } from '@larder/online-store';
import { describeView } from './describe-view.ts';
import type { InspectDeps, InspectedEntity } from './inspected-entity.ts';

/**
 * Online rows of one entity joined with the history rows they came from.
 * @throws ENTITY_NOT_FOUND, ENTITY_KEY_INVALID, ONLINE_STORE_UNAVAILABLE
 */
export async function inspectEntity(deps: InspectDeps, name: string, text: string): Promise<InspectedEntity> {
  const { manifest } = deps;
  const entity = Object.hasOwn(manifest.entities, name) ? manifest.entities[name] : undefined;
  if (entity === undefined) {
    const names = Object.keys(manifest.entities).join(', ') || 'none';
    throw new LarderError('ENTITY_NOT_FOUND', `No entity has this name; defined entities: ${names}.`);
  }
  const keys = parseEntityKey(entity, text);
  const key = entityKey(entity, keys);
  const held = await deps.onlineStore.inspect(entity.name, key);
  if (held === null || held.fields.length === 0) throw nothingHeld(entity, held?.erased === true);
  const views = await Promise.all(
    held.fields.map((field) => describeView({ ...deps, entity: entity.name, keys }, field)),
  );
  return {
    entity: entity.name,
    key,
    join_keys: joinKeysJson(entity, keys),
    redis_key: held.redisKey,
    memory_bytes: held.memoryBytes,
    expires_at: held.expiresAtMs === null ? null : new Date(held.expiresAtMs).toISOString(),
    history_available: views.every(({ historyAnswered }) => historyAnswered),
    views: views.map(({ answer }) => answer),
  };
}

function nothingHeld(entity: EntityManifest, erased: boolean): LarderError {
  if (erased)
    return new LarderError('ENTITY_NOT_FOUND', `This ${entity.name} was erased and no longer accepts rows.`);
  return new LarderError(
    'ENTITY_NOT_FOUND',
    `The online store holds nothing for this ${entity.name}: check the spelling of the key, or compute it with: larder backfill VIEW --entity KEY, with --force when history already has it.`,
  );
}

function joinKeysJson(
  entity: EntityManifest,
  keys: Readonly<Record<string, FieldValue>>,
): Record<string, JsonValue> {
  return Object.fromEntries(
    entity.join_keys.map((field) => [field.name, encodeJsonValue(field, keys[field.name] ?? null)]),
  );
}
