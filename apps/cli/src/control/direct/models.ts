import { createLogger } from '@larder/core';
import {
  awaitInForce,
  createCompletion,
  aliasJson,
  dropAlias,
  listModelRecords,
  markVersion,
  moveAlias,
  moveJson,
  moveResultJson,
  readAlias,
  readModelRecord,
  rollback,
  versionJson,
} from '@larder/registry';
import { actor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import type { ModelsControl, SeenAlias } from '../control.ts';

/** Model versions and aliases of the registry, by the use cases that the service calls too. */
export async function directModels({ offlineStore, projectName }: Session): Promise<ModelsControl> {
  const project = await projectName();
  const store = await offlineStore();
  const logger = createLogger('larder', { level: 'silent' });
  const recordOf = (model: string) =>
    readModelRecord(store, { project, model, completion: createCompletion({ store, project, logger }) });
  return {
    records: () => listModelRecords(store, project),
    async record(model) {
      const record = await recordOf(model);
      return {
        versions: record.versions.toReversed().map((each) => versionJson(record, each)),
        aliases: record.aliases.map(aliasJson),
        moves: record.moves.toReversed().map(moveJson),
      };
    },
    async alias(model, alias) {
      const { newest, state } = await readAlias(store, { project, model, alias });
      const tag = newest === null ? null : String(newest.moveId);
      return { model, alias, version: state?.version ?? null, tag };
    },
    async mark({ model, version }, { mark, reason }) {
      await markVersion(store, { project, model, version, mark, actor: actor(), reason });
    },
    async move(seen, { version, from, reason, acceptIncomplete }) {
      const now = seen.version ?? undefined;
      const { move, changed } = await moveAlias(store, {
        ...expected(seen),
        toVersion: version,
        actor: actor(),
        reason,
        // Where it is there already, a script that runs again is done.
        expectedVersion: now === version ? now : (from ?? now),
        acceptIncomplete,
      });
      return moveResultJson(move, { changed, standing: null });
    },
    async rollback(seen, reason) {
      const move = await rollback(store, {
        ...expected(seen),
        expectedVersion: seen.version ?? undefined,
        actor: actor(),
        reason,
      });
      return moveResultJson(move, { changed: true, standing: null });
    },
    async drop(seen, reason) {
      await dropAlias(store, { ...expected(seen), actor: actor(), reason });
    },
    async standing({ model, alias, move_id: moveId }) {
      const id = { project, model, alias };
      const standing = await awaitInForce(store, { ...id, moveId, timeoutMs: 0 });
      const { moves } = await recordOf(model);
      const own = moves.filter((each) => each.alias === alias);
      const move = own.find((each) => each.moveId === moveId);
      if (move === undefined) throw new Error(`Move ${moveId} is not on record.`);
      const newest = Math.max(...own.map((each) => each.moveId));
      return {
        ...moveResultJson(move, { changed: true, standing }),
        replaced_by: newest === moveId ? null : newest,
      };
    },
  };

  function expected({ model, alias, tag }: SeenAlias) {
    return { project, model, alias, expectedMoveId: tag === null ? null : Number(tag) };
  }
}
