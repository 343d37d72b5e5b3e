import { z } from 'zod';

/** The rows that a model reads; `precomputedPredictions` defines it. */
export const modelManifest = z.strictObject({
  kind: z.literal('model'),
  model: z.string(),
  event_timestamp_column: z.literal('event_timestamp'),
  created_timestamp_column: z.literal('created_timestamp'),
});
