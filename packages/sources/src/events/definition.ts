import type { SourceManifest } from '@larder/features';
import { z } from 'zod';

/** What a windowed view has as its source: the events that it aggregates. Its definition is `windowedFeatureView`. */
export interface EventsManifest extends SourceManifest {
  readonly kind: 'events';
  readonly event_source?: string | undefined;
}

export const eventsManifest = z.strictObject({
  kind: z.literal('events'),
  /** Absent in an event source without a query of its past. */
  event_source: z.string().optional(),
  event_timestamp_column: z.literal('event_timestamp'),
  created_timestamp_column: z.null(),
});
