import { z } from 'zod';
import { idSchema } from './scalars.ts';
import { backfillScopeSchema } from './scope.ts';
import { runStatusSchema } from './runs.ts';

export const backfillRequestSchema = z
  .strictObject({
    view: z
      .string()
      .regex(
        /^[a-z][a-z0-9_]{0,39}(@[1-9]\d{0,8})?$/,
        'must be a view, such as ad_image, or a view version, such as ad_image@1',
      )
      .meta({
        description: 'A view (its newest version) or a reference with its version.',
        example: 'ad_image',
      }),
    scope: backfillScopeSchema,
    limit: z.int().positive().optional().meta({ description: 'At most so many rows.' }),
    priority: z.int().min(0).max(100).optional().meta({ description: 'Higher goes first; default 50.' }),
    max_rows_per_second: z.number().positive().optional(),
    force: z.boolean().optional().meta({ description: 'Also compute rows whose input did not change.' }),
  })
  .meta({ id: 'BackfillRequest', example: { view: 'ad_image', scope: { all: true } } });

export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters');

export const backfillAnswerSchema = z
  .strictObject({ run_id: idSchema, status: runStatusSchema })
  .meta({ id: 'BackfillAnswer' });

export type BackfillRequest = z.infer<typeof backfillRequestSchema>;
export type BackfillAnswer = z.infer<typeof backfillAnswerSchema>;
