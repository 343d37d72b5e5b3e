import { readModelVersions } from '../model-versions/read-model-versions.ts';
import type { RegistryStore } from '../registry-store.ts';
import { aliasStates, type AliasMove, type AliasState } from './alias-state.ts';

/** Every alias of the project's models, or of one model. */
export async function readAliases(
  store: RegistryStore,
  project: string,
  model?: string,
): Promise<AliasState[]> {
  const versions = await readModelVersions(store, project, model);
  return aliasStates(versions, await readAliasMoves(store, project, model));
}

/** Every move of the project's aliases, or of one model's, oldest first. */
export async function readAliasMoves(
  store: RegistryStore,
  project: string,
  model?: string,
): Promise<AliasMove[]> {
  const rows = await store.db
    .selectFrom('larder.alias_moves')
    .selectAll()
    .where('project', '=', project)
    .where((eb) => (model === undefined ? eb.lit(true) : eb('model', '=', model)))
    .orderBy('move_id')
    .execute();
  return rows.map((row) => ({
    moveId: row.move_id,
    model: row.model,
    alias: row.alias,
    previousMoveId: row.previous_move_id,
    fromVersion: row.from_version,
    toVersion: row.to_version,
    kind: row.kind,
    actor: row.actor,
    reason: row.reason,
    movedAt: row.moved_at,
  }));
}
