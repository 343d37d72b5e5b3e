import type { Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { CHAMPION } from '../aliases/alias-state.ts';
import type { ApplyResult } from '../apply/apply-manifest.ts';
import { createCompletion } from '../coverage/completion.ts';
import { promoteCompleteVersions, requestPromotion } from '../coverage/promotion.ts';
import { readModelVersions } from '../model-versions/read-model-versions.ts';

interface PromotionsOptions {
  readonly project: string;
  readonly result: Pick<ApplyResult, 'manifestId' | 'modelVersions'>;
  readonly actor: string;
  /** Why new versions are promoted once they are complete; null: nobody asked. */
  readonly reason: string | null;
  readonly logger: Logger;
}

/** A model version that is promoted when it is complete, or was at once. */
export interface RequestedPromotion {
  readonly model: string;
  readonly version: number;
  readonly promoted: boolean;
}

/**
 * Asks to promote what is new, where somebody wants it, and marks versions as complete whose views are filled already,
 * whether a worker runs or not.
 */
export async function requestPromotions(
  store: OfflineStore,
  options: PromotionsOptions,
): Promise<RequestedPromotion[]> {
  const { project, reason, logger } = options;
  const requested = reason === null ? [] : await requestNew(store, options, reason);
  await createCompletion({ store, project, logger }).completeVersions();
  const moves = await promoteCompleteVersions({ store, project, logger });
  return requested.map(({ model, version }) => ({
    model,
    version,
    promoted: moves.some((move) => move.model === model && move.toVersion === version),
  }));
}

/**
 * The versions that this apply added, and newest ones that still fill. What was asked for before is not asked for again:
 * nobody's later move or rollback is undone by applying again.
 */
async function requestNew(
  store: OfflineStore,
  { project, result, actor }: PromotionsOptions,
  reason: string,
): Promise<Omit<RequestedPromotion, 'promoted'>[]> {
  const requested: Omit<RequestedPromotion, 'promoted'>[] = [];
  for (const { model, version, manifestId, completeAt, promotion } of await readModelVersions(
    store,
    project,
  )) {
    const isNew = manifestId === result.manifestId || completeAt === null;
    if (result.modelVersions[model] !== version || promotion !== null || !isNew) continue;
    if (await requestPromotion(store, { project, model, version, alias: CHAMPION, actor, reason }))
      requested.push({ model, version });
  }
  return requested;
}
