import type { Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { ApplyResult } from '../apply/apply-manifest.ts';
import { requestPromotions, type RequestedPromotion } from './request-promotions.ts';
import { startFills, type StartedFill } from './start-fills.ts';

export interface FollowApplyOptions {
  readonly project: string;
  readonly result: Pick<ApplyResult, 'manifestId' | 'modelVersions'>;
  readonly actor: string;
  readonly backfill?: boolean | undefined;
  readonly promoteWhenComplete?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly logger: Logger;
}

export interface AfterApply {
  readonly fills: readonly StartedFill[];
  readonly promotions: readonly RequestedPromotion[];
}

/** What an apply was asked to start. Each part may be repeated: an apply that was interrupted is completed by the next one. */
export async function followApply(
  store: OfflineStore,
  { project, result, actor, backfill, promoteWhenComplete, reason, logger }: FollowApplyOptions,
): Promise<AfterApply> {
  const fills = backfill === true ? await startFills(store, project) : [];
  const promotions = await requestPromotions(store, {
    project,
    result,
    actor,
    reason: promoteWhenComplete === true ? (reason ?? null) : null,
    logger,
  });
  return { fills, promotions };
}
