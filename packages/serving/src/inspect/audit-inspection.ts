import { currentActor } from '@larder/core';
import type { EntityManifest, FieldValue } from '@larder/features';
import { recordInspection, withinDeadline } from '@larder/offline-store';
import type { InspectDeps } from './inspected-entity.ts';

const DEADLINE_MS = 1_000;

/** Whoever is on call must see what Redis holds, also while PostgreSQL is away: the log then says what the audit lacks. */
export async function auditInspection(
  { offlineStore, manifest, logger }: InspectDeps,
  entity: EntityManifest,
  keys: Readonly<Record<string, FieldValue>>,
): Promise<void> {
  try {
    const inspected = { project: manifest.project, entity, keys };
    await withinDeadline(recordInspection(offlineStore, inspected), DEADLINE_MS);
  } catch (error) {
    const { actor, requestId } = currentActor();
    logger?.warn(
      { err: error, entity: entity.name, actor, request_id: requestId },
      'An inspection could not be recorded in the audit',
    );
  }
}
