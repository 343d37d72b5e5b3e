import { isLarderError, type Logger } from '@larder/core';
import { storableText, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { readForMove, type AliasId } from '../aliases/alias-record.ts';
import type { AliasMove } from '../aliases/alias-state.ts';
import { moveAliasIn } from '../aliases/move-alias.ts';
import { bumpRevisionIn } from '../revision/revision.ts';

/** `larder.model_versions.promote_when_complete`: a promotion that waits for the version to be complete, and what became of it. */
export interface Promotion {
  readonly alias: string;
  readonly actor: string;
  readonly reason: string;
  /** The newest move of the alias when it was asked for: if somebody has moved it since, nothing happens. */
  readonly expected_move_id: number | null;
  readonly move_id?: number;
  readonly refused?: { readonly code: string; readonly detail: string; readonly at: string };
}

export interface PromotionRequest extends AliasId {
  readonly version: number;
  readonly actor: string;
  readonly reason: string;
}

/**
 * Promotes the version as soon as it is complete; `promoteCompleteVersions` does it. Asking again replaces what was asked
 * before; nothing is kept when the alias already points to the version by a move.
 * @returns false: the alias is there
 * @throws MODEL_NOT_FOUND, REQUEST_INVALID
 */
export function requestPromotion(store: OfflineStore, request: PromotionRequest): Promise<boolean> {
  const { project, model, version, alias, actor, reason } = request;
  return store.transaction(async (tx) => {
    const { newest } = await readForMove(tx, request);
    if (newest?.toVersion === version) return false;
    const promotion: Promotion = {
      alias,
      actor: storableText(actor),
      reason: storableText(reason),
      expected_move_id: newest?.moveId ?? null,
    };
    await tx.db
      .updateTable('larder.model_versions')
      .set({ promote_when_complete: JSON.stringify(promotion) })
      .where('project', '=', project)
      .where('model', '=', model)
      .where('version', '=', version)
      .execute();
    return true;
  });
}

interface WaitingPromotion {
  readonly model: string;
  readonly version: number;
  readonly promotion: Promotion;
}

export interface PromoteOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** Moves the aliases of complete versions whose promotion was asked for, oldest version first. Any number of processes may call it. */
export async function promoteCompleteVersions({
  store,
  project,
  logger,
}: PromoteOptions): Promise<AliasMove[]> {
  const { rows: waiting } = await sql<WaitingPromotion>`
    select model, version, promote_when_complete as promotion from larder.model_versions
    where project = ${project} and complete_at is not null and promote_when_complete is not null
      and promote_when_complete ->> 'move_id' is null and promote_when_complete ->> 'refused' is null
    order by model, version`.execute(store.db);
  const moves: AliasMove[] = [];
  for (const { model, version } of waiting) {
    const move = await promote({ store, project, logger }, model, version);
    if (move !== null) moves.push(move);
  }
  return moves;
}

async function promote(
  { store, project, logger }: PromoteOptions,
  model: string,
  version: number,
): Promise<AliasMove | null> {
  try {
    const move = await store.transaction(async (tx) => {
      await bumpRevisionIn(tx, project);
      const { rows } = await sql<{ promotion: Promotion | null }>`
        select promote_when_complete as promotion from larder.model_versions
        where project = ${project} and model = ${model} and version = ${version}`.execute(tx.db);
      const promotion = rows[0]?.promotion ?? null;
      // Another process was faster.
      if (promotion === null || promotion.move_id !== undefined || promotion.refused !== undefined)
        return null;
      const { alias, actor, reason, expected_move_id: expectedMoveId } = promotion;
      const target = { project, model, alias, toVersion: version, actor, reason, expectedMoveId };
      const { move: made } = await moveAliasIn(tx, target);
      // Promotions of later versions that were asked for at the same state go on from this move.
      await sql`
        update larder.model_versions set promote_when_complete =
          (promote_when_complete::jsonb || jsonb_build_object(
            case when version = ${version} then 'move_id' else 'expected_move_id' end, ${made.moveId}::bigint))::json
        where project = ${project} and model = ${model} and promote_when_complete ->> 'alias' = ${alias}
          and (version = ${version} or (version > ${version}
            and promote_when_complete ->> 'expected_move_id' is not distinct from ${expectedMoveId?.toString() ?? null}
            and promote_when_complete ->> 'move_id' is null))`.execute(tx.db);
      return made;
    });
    if (move !== null)
      logger.info({ model, version, alias: move.alias }, 'A complete version was promoted, as asked');
    return move;
  } catch (error) {
    if (!isLarderError(error) || error.retryable) throw error;
    const refused = { code: error.code, detail: storableText(error.message), at: new Date().toISOString() };
    await sql`
      update larder.model_versions set promote_when_complete =
        (promote_when_complete::jsonb || jsonb_build_object('refused', ${JSON.stringify(refused)}::jsonb))::json
      where project = ${project} and model = ${model} and version = ${version}
        and promote_when_complete ->> 'move_id' is null`.execute(store.db);
    logger.warn({ model, version, code: error.code }, 'A complete version was not promoted');
    return null;
  }
}
