import { z } from 'zod';
import { errorDetailSchema } from './problem.ts';
import { countSchema, fieldsSchema, idSchema } from './scalars.ts';

export const MAX_EVENTS = 1_000;

export const eventsRequestSchema = z
  .strictObject({
    events: z.array(fieldsSchema).min(1).max(MAX_EVENTS).meta({
      description:
        'Per event its event_id, event_timestamp and the fields of the source; a field that is left out is null. With `"retracted": true` the event is taken back.',
    }),
  })
  .meta({
    id: 'EventsRequest',
    example: {
      events: [
        {
          event_id: '7f3a',
          event_timestamp: '2026-11-20T09:30:00Z',
          ad_id: 'ad-1',
          kind: 'click',
          bid: 1.2,
        },
      ],
    },
  });

export const eventsAnswerSchema = z
  .strictObject({
    accepted: countSchema.meta({ description: 'New, corrected and retracted events.' }),
    duplicates: countSchema.meta({ description: 'Events that were there already; they changed nothing.' }),
    rejected: z.array(
      z.strictObject({
        index: countSchema,
        code: z.string().meta({ example: 'EVENT_TIMESTAMP_TOO_OLD' }),
        errors: z.array(errorDetailSchema),
      }),
    ),
    run_id: idSchema,
  })
  .meta({ id: 'EventsAnswer' });

export type EventsAnswer = z.infer<typeof eventsAnswerSchema>;
