import { z } from 'zod';
import { errorDetailSchema } from './problem.ts';
import { countSchema, fieldsSchema, idSchema } from './scalars.ts';

export const MAX_PUSH_ROWS = 1_000;

export const pushRequestSchema = z
  .strictObject({
    rows: z.array(fieldsSchema).min(1).max(MAX_PUSH_ROWS).meta({
      description:
        'Per row the join keys, event_timestamp and every feature of the view; null: no value. Features that partial_push of the view names may be left out.',
    }),
  })
  .meta({
    id: 'PushRequest',
    example: {
      rows: [{ ad_id: 'ad-1', event_timestamp: '2026-11-20T09:30:00Z', price: 19.9, in_stock: 31 }],
    },
  });

export const pushAnswerSchema = z
  .strictObject({
    accepted: countSchema,
    rejected: z.array(
      z.strictObject({
        index: countSchema,
        code: z.string().meta({ example: 'EVENT_TIMESTAMP_TOO_OLD' }),
        errors: z.array(errorDetailSchema),
      }),
    ),
    run_id: idSchema,
  })
  .meta({ id: 'PushAnswer' });

export type PushAnswer = z.infer<typeof pushAnswerSchema>;
