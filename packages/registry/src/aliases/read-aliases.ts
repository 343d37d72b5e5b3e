import type { Database } from '@larder/offline-store';
import type { Selectable } from 'kysely';
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
  return aliasStates(versions, await readDecidingMoves(store, project, model));
}

/** Every move of the project's aliases, or of one model's, oldest first. */
export async function readAliasMoves(
  store: RegistryStore,
  project: string,
  model?: string,
): Promise<AliasMove[]> {
  return movesOf(await ownMoves(store, project, model).selectAll().orderBy('move_id').execute());
}

/**
 * The moves that decide the states of aliases, oldest first: of each alias the first, the newest to each version, and the newest
 * from it. However long the history is, every process that follows the registry reads only these.
 */
export async function readDecidingMoves(
  store: RegistryStore,
  project: string,
  model?: string,
): Promise<AliasMove[]> {
  const newest = (end: 'to_version' | 'from_version') =>
    ownMoves(store, project, model)
      .distinctOn(['model', 'alias', end])
      .select('move_id')
      .orderBy('model')
      .orderBy('alias')
      .orderBy(end)
      .orderBy('move_id', 'desc');
  const first = ownMoves(store, project, model).select('move_id').where('previous_move_id', 'is', null);
  const rows = await store.db
    .selectFrom('larder.alias_moves')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('move_id', 'in', first),
        eb('move_id', 'in', newest('to_version')),
        eb('move_id', 'in', newest('from_version')),
      ]),
    )
    .orderBy('move_id')
    .execute();
  return movesOf(rows);
}

function ownMoves({ db }: RegistryStore, project: string, model: string | undefined) {
  return db
    .selectFrom('larder.alias_moves')
    .where('project', '=', project)
    .where((eb) => (model === undefined ? eb.lit(true) : eb('model', '=', model)));
}

function movesOf(rows: readonly Selectable<Database['larder.alias_moves']>[]): AliasMove[] {
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
