import { createGroupCommit } from '../push/group-commit.ts';
import { acceptEvents, type EventBatch, type EventsRequest } from './accept-events.ts';
import {
  landEventBatches,
  type EventGroup,
  type EventsOutcome,
  type EventsResult,
  type LandEventsDeps,
} from './land-event-batches.ts';

export interface GroupedEventsRequest extends EventsRequest {
  /** Size of the request's body. */
  readonly sizeBytes: number;
}

export interface EventGroups {
  /** Does `pushEvents` in a run that is shared with batches of the same source that arrive meanwhile. */
  push(request: GroupedEventsRequest): Promise<EventsResult>;
  /** Lands waiting batches at once, and resolves when all have landed. */
  close(): Promise<void>;
}

export function createEventGroups(deps: LandEventsDeps): EventGroups {
  const groups = createGroupCommit<EventBatch, EventsOutcome>({
    laneOf: ({ manifest, source }) => `${manifest.project} ${source.name} ${source.fingerprint}`,
    land: (batches, turn) => {
      turn.taken();
      return landEventBatches(deps, batches as unknown as EventGroup);
    },
    failed: (error) => ({ ok: false, error }),
  });
  return {
    async push(request) {
      const batch = await acceptEvents(deps.clock, request);
      const outcome = await groups.add(batch, { rows: request.events.length, bytes: request.sizeBytes });
      if (!outcome.ok) throw outcome.error;
      return outcome.result;
    },
    close: () => groups.close(),
  };
}
