import { acceptEvents, type EventsRequest } from './accept-events.ts';
import { landEventBatches, type EventsResult, type LandEventsDeps } from './land-event-batches.ts';

/**
 * Lands events in a run of their own.
 * @throws EVENT_SOURCE_NOT_FOUND, IDEMPOTENCY_KEY_REUSED
 */
export async function pushEvents(deps: LandEventsDeps, request: EventsRequest): Promise<EventsResult> {
  const [outcome] = await landEventBatches(deps, [await acceptEvents(deps.clock, request)]);
  if (outcome === undefined) throw new Error('A batch has no outcome.');
  if (!outcome.ok) throw outcome.error;
  return outcome.result;
}
