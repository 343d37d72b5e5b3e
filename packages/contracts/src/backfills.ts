import { z } from 'zod';
import { idSchema, viewNameSchema } from './scalars.ts';
import { backfillScopeSchema } from './scope.ts';
import { runStatusSchema } from './runs.ts';

export const backfillRequestSchema = z
  .strictObject({
    view: viewNameSchema,
    scope: backfillScopeSchema,
    limit: z.int().positive().optional().meta({ description: 'Maximum number of rows.' }),
    priority: z.int().min(0).max(100).optional().meta({ description: 'Higher goes first; default 50.' }),
    max_rows_per_second: z.number().min(0.001).max(1_000_000).optional(),
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
