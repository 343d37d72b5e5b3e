import { viewRef } from '@larder/features';
import { acceptPush, type AcceptedPush, type PushRequest } from './accept-push.ts';
import { createGroupCommit } from './group-commit.ts';
import { landPushes, type PushGroup, type PushOutcome, type PushResult } from './land-pushes.ts';
import type { PushDeps } from './push-rows.ts';

export interface GroupedPushRequest extends PushRequest {
  /** Size of the request's body. */
  readonly sizeBytes: number;
}

export interface PushGroups {
  /** Does `pushRows` in a run that is shared with pushes of the same view that arrive meanwhile. */
  push(request: GroupedPushRequest): Promise<PushResult>;
  /** Lands waiting pushes at once, and resolves when all have landed. */
  close(): Promise<void>;
}

/** Group commit of the pushes of a view version. */
export function createPushGroups(deps: PushDeps): PushGroups {
  const groups = createGroupCommit<AcceptedPush, PushOutcome>({
    laneOf: ({ manifest, view }) => `${manifest.project} ${viewRef(view)} ${view.fingerprint}`,
    land: (pushes, turn) => landPushes(deps, pushes as unknown as PushGroup, turn),
    failed: (error) => ({ ok: false, error }),
  });
  return {
    async push(request) {
      const push = await acceptPush(deps.clock, request);
      const outcome = await groups.add(push, { rows: request.rows.length, bytes: request.sizeBytes });
      if (!outcome.ok) throw outcome.error;
      return outcome.result;
    },
    close: () => groups.close(),
  };
}
