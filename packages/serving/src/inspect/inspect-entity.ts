import { LarderError } from '@larder/core';
import {
  encodeJsonValue,
  viewRef,
  type EntityManifest,
  type FieldValue,
  type JsonValue,
} from '@larder/features';
import { entityKey, isGoneRow, parseEntityKey, readRowHeader } from '@larder/online-store';
import { auditInspection } from './audit-inspection.ts';
import { describeView } from './describe-view.ts';
import type { InspectDeps, InspectedEntity, MissingView } from './inspected-entity.ts';
import { missingViews } from './missing-views.ts';

/**
 * Online rows of one entity joined with the history rows they came from; the audit records who looks.
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
  const [held] = await Promise.all([
    deps.onlineStore.inspect(entity.name, key),
    auditInspection(deps, entity, keys),
  ]);
  const all = held?.fields ?? [];
  const fields = all.filter(({ row }) => !isGoneRow(row));
  const goneSince = new Map(
    all
      .filter(({ row }) => isGoneRow(row))
      .map(({ viewRef: ref, row }) => [ref, readRowHeader(row)?.createdTimestampMs ?? 0]),
  );
  const erased = held?.erased === true;
  const absent = Object.values(manifest.feature_views).filter(
    (view) => view.entity === entity.name && fields.every(({ viewRef: ref }) => ref !== viewRef(view)),
  );
  const [views, missing] = await Promise.all([
    Promise.all(fields.map((field) => describeView({ ...deps, entity: entity.name, key, keys }, field))),
    missingViews(deps, absent, { key, keys, erased, goneSince }),
  ]);
  if (held === null || fields.length === 0) throw nothingHeld(entity, { erased, missing });
  return {
    entity: entity.name,
    key,
    join_keys: joinKeysJson(entity, keys),
    redis_key: held.redisKey,
    memory_bytes: held.memoryBytes,
    expires_at: held.expiresAtMs === null ? null : new Date(held.expiresAtMs).toISOString(),
    history_available: views.every(({ historyAnswered }) => historyAnswered),
    views: views.map(({ answer }) => answer),
    missing,
  };
}

/** It has one key alone. */
function isWorld({ join_keys: joinKeys }: EntityManifest): boolean {
  return joinKeys.some(({ constant }) => constant !== undefined);
}

interface Nothing {
  readonly erased: boolean;
  readonly missing: readonly MissingView[];
}

function nothingHeld(entity: EntityManifest, { erased, missing }: Nothing): LarderError {
  if (erased)
    return new LarderError('ENTITY_NOT_FOUND', `This ${entity.name} was erased and no longer accepts rows.`);
  const known = missing.map(({ ref, detail }) => ({ pointer: `/views/${ref}`, detail }));
  const why =
    known.length === 0
      ? ' no applied view has this entity.'
      : known.map(({ pointer, detail }) => `\n${pointer.slice('/views/'.length)}: ${detail}`).join('');
  return new LarderError(
    'ENTITY_NOT_FOUND',
    `The online store holds nothing for ${isWorld(entity) ? '' : 'this '}${entity.name}:${why}`,
    { errors: known },
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
