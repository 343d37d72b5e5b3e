export { createEventGroups } from './event-groups.ts';
export type { EventGroups } from './event-groups.ts';
export { eventSourceView } from './event-source-view.ts';
export type { EventSourceView } from './event-source-view.ts';
export { pushEvents } from './push-events.ts';
export type { EventsResult } from './land-event-batches.ts';
