import type { OfflineStore } from '@larder/offline-store';
import {
  CHAMPION,
  createCompletion,
  promoteCompleteVersions,
  readModelVersions,
  requestPromotion,
  type ApplyResult,
} from '@larder/registry';
import type { Logger } from '@larder/core';

export interface PromotionsOptions {
  readonly project: string;
  readonly result: Pick<ApplyResult, 'manifestId' | 'modelVersions'>;
  readonly actor: string;
  readonly reason: string;
  readonly logger: Logger;
}

/** A model version that is promoted when it is complete, or was at once. */
export interface RequestedPromotion {
  readonly model: string;
  readonly version: number;
  readonly promoted: boolean;
}

/**
 * Asks to promote the versions that this apply added, and newest ones that still fill, once they are complete. What was
 * asked for before is not asked for again: nobody's later move or rollback is undone by applying again.
 */
export async function requestPromotions(
  store: OfflineStore,
  { project, result, actor, reason, logger }: PromotionsOptions,
): Promise<RequestedPromotion[]> {
  const newest = (await readModelVersions(store, project)).filter(
    ({ model, version }) => result.modelVersions[model] === version,
  );
  const requested: { model: string; version: number }[] = [];
  for (const { model, version, manifestId, completeAt, promotion } of newest) {
    if (promotion !== null || (manifestId !== result.manifestId && completeAt !== null)) continue;
    if (await requestPromotion(store, { project, model, version, alias: CHAMPION, actor, reason }))
      requested.push({ model, version });
  }
  await createCompletion({ store, project, logger }).completeVersions();
  const moves = await promoteCompleteVersions({ store, project, logger });
  return requested.map(({ model, version }) => ({
    model,
    version,
    promoted: moves.some((move) => move.model === model && move.toVersion === version),
  }));
}
