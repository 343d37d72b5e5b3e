import type { Clock } from '@larder/core';
import { acceptPush, type PushRequest } from './accept-push.ts';
import { landPushes, type LandPushesDeps, type PushResult } from './land-pushes.ts';

export interface PushDeps extends LandPushesDeps {
  readonly clock: Clock;
}

/**
 * Lands rows that the caller computed, in a separate run.
 * @throws VIEW_NOT_FOUND, PUSH_NOT_SUPPORTED, IDEMPOTENCY_KEY_REUSED
 */
export async function pushRows(deps: PushDeps, request: PushRequest): Promise<PushResult> {
  const [outcome] = await landPushes(deps, [await acceptPush(deps.clock, request)]);
  if (outcome === undefined) throw new Error('A push has no outcome.');
  if (!outcome.ok) throw outcome.error;
  return outcome.result;
}
