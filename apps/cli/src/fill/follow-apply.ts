import { createLogger } from '@larder/core';
import type { ApplyResult } from '@larder/registry';
import type { Output } from '../output/output.ts';
import type { Session } from '../session.ts';
import { requestPromotions, type RequestedPromotion } from './request-promotions.ts';
import { startFills, type StartedFill } from './start-fills.ts';

export interface FollowApplyOptions {
  readonly project: string;
  readonly result: Pick<ApplyResult, 'manifestId' | 'modelVersions'>;
  readonly actor: string;
  readonly backfill?: boolean | undefined;
  readonly promoteWhenComplete?: boolean | undefined;
  readonly reason?: string | undefined;
}

export interface AfterApply {
  readonly fills: readonly StartedFill[];
  readonly promotions: readonly RequestedPromotion[];
}

/** What an apply was asked to start. Each part may be repeated: an apply that was interrupted is completed by the next one. */
export async function followApply(
  { offlineStore }: Session,
  { project, result, actor, backfill, promoteWhenComplete, reason }: FollowApplyOptions,
): Promise<AfterApply> {
  const store = await offlineStore();
  const fills = backfill === true ? await startFills(store, project) : [];
  const logger = createLogger('larder', { level: 'silent' });
  const promotions = await requestPromotions(store, {
    project,
    result,
    actor,
    reason: promoteWhenComplete === true ? (reason ?? null) : null,
    logger,
  });
  return { fills, promotions };
}

export function printAfterApply({ promotions }: AfterApply, out: Output): void {
  for (const { model, version, promoted } of promotions)
    out.line(
      promoted
        ? `${model}@${version} is complete and promoted to champion.`
        : `${model}@${version} is promoted to champion when it is complete: larder models ${model}`,
    );
}
